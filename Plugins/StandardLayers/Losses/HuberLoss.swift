// Source: torch.nn.HuberLoss (2.13), which stretches input and target to a common shape;
// P. J. Huber, *Robust Estimation of a Location Parameter*, 1964.

public import LayerKit
public import Tensors

/// Half the squared difference of input and target, beyond δ continued by straight lines.
///
///     value = d²/2 for |d| ≤ δ, otherwise δ·(|d| − δ/2),  d = x − t
///
/// - Shapes: x and t of any shapes that stretch to a common one → scalar, or the common shape for
///   the reduction `none`
/// - Kinks: none.
public struct HuberLoss: DifferenceLoss {
  public static let kind = "HuberLoss"

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// δ, above 0; default 1.
  private(set) var delta: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.word("reduction", default: .mean)
    delta = hyperparameters.positive("delta", default: 1)
  }

  public func rounded(to format: NumberFormat) -> HuberLoss {
    var rounded = self
    rounded.delta = format.rounded(delta)
    return rounded
  }

  // MARK: Definition

  public func value<S: Scalar>(ofDifference d: S) -> S {
    let size = S.magnitude(d)
    return .select(
      S(delta) * (size - S(0.5 * delta)), wherePositive: size - S(delta),
      otherwise: S(0.5) * size * size)
  }

  // MARK: Backward

  /// d, limited to ±δ.
  public func slope<S: Scalar>(ofDifference d: S) -> S {
    .select(
      S(delta) * .sign(of: d), wherePositive: .magnitude(d) - S(delta), otherwise: d)
  }

  // MARK: Bound

  /// PyTorch rounds δ only for some elements, those that fill a vector register.
  public var upstreamRoundings: Int { reduction == .mean ? 2 : 1 }

  // MARK: Examples

  public static var examples: [LayerExample] {
    differenceExamples() + differenceExamples(["delta": 0.3]).prefix(3) + [
      LayerExample(
        "no width", ["delta": 0], inputs: [[3, 4], [3, 4]],
        refused: .outOfRange(hyperparameter: "delta", allowed: "a number above 0", found: 0)),
      LayerExample(
        "an older flag", ["size_average": true], inputs: [[3], [3]],
        refused: .unknownHyperparameter("size_average", closest: nil)),
    ]
  }
}
