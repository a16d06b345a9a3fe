// Source: torch.nn.PoissonNLLLoss (2.13), which stretches input and target to a common shape.

public import LayerKit
public import Tensors

/// Negative logarithm of a Poisson probability of counts, given (logarithms of) expectations.
///
///     value = eˣ − t·x; without `log_input` x − t·log(x + ε)
///             + t·log t − t + ½·log(2πt) with `full`, where t > 1
///
/// - Shapes: x and t of any shapes that stretch to a common one → scalar, or the common shape for
///   the reduction `none`
/// - Kinks: `full` jumps at t = 1. Where t ≤ 0 it makes the gradient of the target NaN, as in
///   PyTorch.
public struct PoissonNLLLoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "PoissonNLLLoss", inputs: [.init("input"), .init("target", .positiveNumbers)],
    traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// Whether x is the logarithm of the expectation; default true.
  private let isLogarithm: Bool
  /// Whether Stirling's approximation of log t! is added; default false.
  private let isFull: Bool
  /// ε; default 1e-8.
  private var epsilon: Double
  private var twoPi = 2 * Double.pi

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    isLogarithm = hyperparameters.boolean("log_input", default: true)
    isFull = hyperparameters.boolean("full", default: false)
    epsilon = hyperparameters.real("eps", default: 1e-8)
  }

  public func rounded(to format: NumberFormat) -> PoissonNLLLoss {
    var rounded = self
    rounded.epsilon = format.rounded(epsilon)
    rounded.twoPi = format.rounded(twoPi)
    return rounded
  }

  // MARK: Definition

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    let (x, t) = (element.input, element.target)
    var value = isLogarithm ? S.exp(x) : x
    value += -(t * (isLogarithm ? x : .log(x + S(epsilon))))
    // NaN is not at most 1.
    guard isFull, !(t.value <= 1) else { return value }
    value += t * .log(t)
    value += -t
    value += S(0.5) * .log(S(twoPi) * t)
    return value
  }

  // MARK: Backward

  /// ∂/∂x = eˣ − t or 1 − t/(x + ε).
  ///
  /// ∂/∂t = −x or −log(x + ε), and with `full` log t + ½/t where t > 1.
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let (x, t) = (element.input, element.target)
    let input = isLogarithm ? .exp(x) - t : .one - t / (x + S(epsilon))
    var slope = -(isLogarithm ? x : .log(x + S(epsilon)))
    if isFull {
      let isCounted: S = t.value <= 1 ? .zero : .one
      slope += isCounted * .log(t)
      slope += isCounted * (t / t)
      slope += -isCounted
      slope += isCounted * (S(0.5) / t)
    }
    return LossSlopes(input: input, target: slope)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    let expectations = (1...12).map { Double($0) / 8 }
    let counts = (0..<12).map { Double($0 * 7 % 12) + 0.5 }
    return [
      LayerExample("mean", inputs: [[3, 4], [3, 4]]),
      LayerExample(
        "full", ["full": true, "reduction": "none"], inputs: [[3, 4], [3, 4]],
        inputValues: [1: counts]),
      LayerExample(
        "expectations", ["log_input": false, "eps": 0.125], inputs: [[3, 4], [3, 4]],
        inputValues: [0: expectations]),
      LayerExample(
        "expectations, full sum", ["log_input": false, "full": true, "reduction": "sum"],
        inputs: [[2, 3, 2], [2, 3, 2]], inputValues: [0: expectations, 1: counts]),
      LayerExample("a target for all samples", inputs: [[6, 4], [4]]),
      LayerExample("one number", inputs: [.scalar, .scalar]),
      LayerExample("an older flag", ["reduce": false], inputs: [[5], [5]]),
      LayerExample(
        "other shapes", inputs: [[3, 4], [3]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
      LayerExample(
        "no number", ["eps": "small"], inputs: [[3], [3]],
        refused: .wrongType(hyperparameter: "eps", expected: "a number", found: "small")),
    ]
  }
}
