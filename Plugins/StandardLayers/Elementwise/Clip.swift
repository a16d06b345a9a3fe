// Source: torch.clamp (2.13).

public import LayerKit
public import Tensors

/// The layer that keeps numbers between limits, with the gradient of what is not beyond them.
///
///     y = min(max(x, min), max)          dx = dy where min ≤ x ≤ max, otherwise 0
///
/// Where the limits cross, every result is the upper one.
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at the limits the derivative is taken to be that of the inner side, 1.
/// - NaN: stays NaN; its gradient is 0, as in PyTorch.
public struct Clip: ClampingLayer {
  public static let kind = "Clip"
  public static let passesAtLimits = true

  // MARK: Hyper-parameters

  /// `min`; −∞ where it is missing.
  public let lower: Double
  /// `max`; ∞ where it is missing.
  public let upper: Double

  /// At least one of the limits is needed.
  public init(_ hyperparameters: inout HyperparameterReader) {
    let any = -Double.infinity...Double.infinity
    let before = hyperparameters.problems.count
    let low = hyperparameters.optionalReal("min", default: nil, in: any)
    let high = hyperparameters.optionalReal("max", default: nil, in: any)
    if low == nil, high == nil, hyperparameters.problems.count == before {
      hyperparameters.report(Self.noLimit)
    }
    lower = low ?? -.infinity
    upper = high ?? .infinity
  }

  private static var noLimit: LayerProblem {
    .other("needs the hyper-parameter `min` or `max`: add one of the attributes, or both")
  }

  @usableFromInline
  init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  @inlinable
  public func rounded(to format: NumberFormat) -> Clip {
    Clip(lower: format.rounded(lower), upper: format.rounded(upper))
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("both limits", ["min": -0.3, "max": 1.1])
      + shapeExamples("a lower limit", ["min": 0.1, "max": "none"])
      + shapeExamples("an upper limit", ["max": 0.7])
      + shapeExamples("crossed limits", ["min": 1, "max": -1])
      + shapeExamples("an infinite limit", ["min": .real(-.infinity), "max": 0])
      + [
        LayerExample("no limit", inputs: [[2]], refused: noLimit),
        LayerExample(
          "None twice", ["min": "none", "max": "none"], inputs: [[2]], refused: noLimit),
        LayerExample(
          "a word for a limit", ["min": "low"], inputs: [[2]],
          refused: .wrongType(hyperparameter: "min", expected: "a number", found: "low")),
        LayerExample(
          "an unknown hyper-parameter", ["min": 0, "exponent": 2], inputs: [[2]],
          refused: .unknownHyperparameter("exponent", closest: nil)),
      ]
  }
}
