import Discrepancy
import LayerKit
import Tensors

/// The mistakes that can befall any kind of layer.
package struct GeneralCauses {
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

  /// The ids of all of them, and of what is found without a prediction.
  package static var ids: [String] {
    let tried = [
      ZeroCauses.all, FactorCauses.named, FactorCauses.fitted, BatchCauses.all, LayoutCauses.named,
      LayoutCauses.fitted, PrecisionCauses(nil).all,
    ]
    return tried.flatMap { $0.map(\.id) }
      + [
        NotFinite.id, RoundingOnly.id, TensorDiagnosis.unidentified,
        NetworkCause.branchGradientMissing, NetworkCause.sharedParameterNotSummed,
      ]
  }
}

/// The ids of mistakes between layers, which show where a fixture contradicts itself.
public enum NetworkCause {
  /// The upstream gradient of an output lacks what one of its consumers passes back.
  public static let branchGradientMissing = "branch-gradient-missing"
  /// The step of a shared parameter was made from the gradient of one of its layers.
  public static let sharedParameterNotSummed = "shared-parameter-not-summed"
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
