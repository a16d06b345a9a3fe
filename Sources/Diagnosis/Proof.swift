import Discrepancy
import LayerKit
import Tensors

/// Decides whether a prediction explains the suspect.
///
/// It does where no element of the suspect lies further from it than rounding can move the wrong
/// computation's own result, and where it lies visibly off the right result: a mistake that changes
/// nothing explains nothing.
struct Proof {
  private let evidence: Evidence
  private let formats: ComparisonFormats
  /// The limit of each element of the right result.
  private let limits: Tensor<Double>

  /// How many bounds a mistake must move some element to count as visible.
  static let visibleEffect = 30.0

  init(_ evidence: Evidence, tolerance: Tolerance) {
    self.evidence = evidence
    formats = tolerance.formats
    limits = tolerance.limits(of: evidence.computed)
  }

  /// The largest residual and the effect in bounds; nil where the prediction explains nothing.
  func examine(_ prediction: Prediction) -> (residual: Double, effect: Double)? {
    guard prediction.values.shape == evidence.suspect.shape else { return nil }
    let limits = limits(of: prediction)
    guard let residual = largestRatio(evidence.suspect, prediction.values, limits), residual <= 1
    else { return nil }
    guard prediction.values.shape == evidence.computed.shape else { return (residual, .infinity) }
    guard let effect = largestRatio(prediction.values, evidence.computed, self.limits),
      effect >= Self.visibleEffect
    else { return nil }
    return (residual, effect)
  }

  /// How far rounding may move each predicted element.
  private func limits(of prediction: Prediction) -> Tensor<Double> {
    switch prediction.margin {
    case .rearranged(let rearrangement, let factor):
      let moved = rearrangement.apply(to: limits)
      let unit = formats.reference.unitRoundoff
      return moved.zip(prediction.values) { $0 * factor.magnitude + unit * $1.magnitude }
    case .likeComputed:
      let unit = formats.reference.unitRoundoff + formats.ours.unitRoundoff
      return limits.zip(prediction.values) { $0 + unit * $1.magnitude }
    case .own(let bound):
      return Tolerance(bound(), formats).limits(of: prediction.values)
    }
  }

  /// The largest |a − b| / limit; nil where something is not finite, so that nothing is proven.
  private func largestRatio(
    _ a: Tensor<Double>, _ b: Tensor<Double>, _ limits: Tensor<Double>
  ) -> Double? {
    var largest = 0.0
    for i in 0..<a.count {
      let error = (a[i] - b[i]).magnitude
      guard error.isFinite, limits[i].isFinite else { return nil }
      guard error > 0 else { continue }
      largest = max(largest, error / limits[i])
    }
    return largest
  }
}

extension Tolerance {
  /// The largest error of each element that rounding explains.
  func limits(of values: Tensor<Double>) -> Tensor<Double> {
    let window = window(0..<values.count)
    return Tensor(
      values.shape, values.elements.indices.map { window.limits(at: $0, value: values[$0]).hard })
  }
}
