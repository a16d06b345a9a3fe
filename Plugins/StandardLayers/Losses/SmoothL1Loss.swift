// Source: torch.nn.SmoothL1Loss (2.13), which stretches input and target to a common shape.

public import LayerKit
public import Tensors

/// Magnitude of the difference of input and target, with a parabola of width β in its corner.
///
///     value = d²/(2β) for |d| < β, otherwise |d| − β/2,  d = x − t
///
/// - Shapes: x and t of any shapes that stretch to a common one → scalar, or the common shape for
///   the reduction `none`
/// - Kinks: none, except for β = 0, where it is `L1Loss` and the slope at d = 0 is 0.
public struct SmoothL1Loss: DifferenceLoss {
  public static let kind = "SmoothL1Loss"

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// β, 0 or more; default 1.
  private(set) var beta: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    beta = hyperparameters.real("beta", default: 1, in: 0 ... .greatestFiniteMagnitude)
  }

  public func rounded(to format: NumberFormat) -> SmoothL1Loss {
    var rounded = self
    // Only a β that is stated as 0 has the corner.
    if beta > 0 { rounded.beta = format.rounded(beta) }
    return rounded
  }

  // MARK: Definition

  public func value<S: Scalar>(ofDifference d: S) -> S {
    let size = S.magnitude(d)
    guard beta > 0 else { return size }
    let parabola = S(0.5) * size * size / S(beta)
    return .select(
      size - S(0.5 * beta), wherePositive: size - S(beta), otherwise: parabola)
  }

  // MARK: Backward

  /// d/β, limited to ±1.
  public func slope<S: Scalar>(ofDifference d: S) -> S {
    guard beta > 0 else { return .sign(of: d) }
    return .select(
      .sign(of: d), wherePositive: .magnitude(d) - S(beta), otherwise: d / S(beta))
  }

  // MARK: Bound

  /// PyTorch rounds β only for some elements, those that fill a vector register.
  public var upstreamRoundings: Int { reduction == .mean ? 2 : 1 }

  // MARK: Kinks

  public var kinks: [Kink] { beta > 0 ? [] : [.difference(0, slope: 0)] }

  // MARK: Examples

  public static var examples: [LayerExample] {
    differenceExamples() + differenceExamples(["beta": 0.3]).prefix(3)
      + differenceExamples(["beta": 0]).prefix(3) + [
        LayerExample("a parabola throughout", ["beta": 1e6], inputs: [[3, 4], [3, 4]]),
        LayerExample(
          "a negative width", ["beta": -1], inputs: [[3, 4], [3, 4]],
          refused: .outOfRange(hyperparameter: "beta", allowed: "0.0 or more", found: -1)),
      ]
  }
}
