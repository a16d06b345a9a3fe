import Discrepancy
import LayerKit
import Tensors

/// The mistakes that can befall any kind of layer.
struct GeneralCauses {
  private let evidence: Evidence
  private let tolerance: Tolerance

  init(_ evidence: Evidence, _ tolerance: Tolerance) {
    self.evidence = evidence
    self.tolerance = tolerance
  }

  /// Those with a name, in the order in which they are tried.
  var named: [Cause] {
    Self.visibleInResults + PrecisionCauses(tolerance).all
  }

  /// Those whose prediction follows from the right result alone.
  static var visibleInResults: [Cause] {
    [ZeroCauses.all, FactorCauses.named, BatchCauses.all, LayoutCauses.named].flatMap { $0 }
  }

  /// Those that fit a number or choose among many arrangements, tried where no other one fits.
  var fitted: [Cause] { FactorCauses.fitted + LayoutCauses.fitted }

  /// The ids of all of them.
  static var ids: [String] {
    let tried = [
      ZeroCauses.all, FactorCauses.named, FactorCauses.fitted, BatchCauses.all, LayoutCauses.named,
      LayoutCauses.fitted, PrecisionCauses(nil).all,
    ]
    return tried.flatMap { $0.map(\.id) }
      + [NotFinite.id, RoundingOnly.id, TensorDiagnosis.unidentified]
  }
}

/// A difference that rounding explains, though there is more of it than usual.
public enum RoundingOnly {
  static let id = "rounding-only"

  /// The cause, for a tensor whose verdict is a warning.
  ///
  /// `boundRatio` is its largest error in bounds.
  public static func cause(boundRatio: Double) -> NamedCause {
    NamedCause(
      id: id, advice: "rounding can leave this difference; it is larger than usual, no mistake",
      specificity: .general, residual: boundRatio, effect: 0)
  }
}
