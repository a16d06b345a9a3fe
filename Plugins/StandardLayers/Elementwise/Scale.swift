// Source: the product of a tensor and a number in PyTorch (2.13).

public import LayerKit
public import Tensors

/// The product with a constant.
///
///     y = factor·x          dx = factor·dy
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. Linear in x. NaN stays NaN.
public struct Scale: ElementwiseLayer {
  public static let kind = "Scale"

  // MARK: Hyper-parameters

  /// The constant; required, any finite number.
  public let factor: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    factor = hyperparameters.real("factor")
  }

  @usableFromInline
  init(factor: Double) { self.factor = factor }

  @inlinable
  public func rounded(to format: NumberFormat) -> Scale { Scale(factor: format.rounded(factor)) }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { S(factor) * x }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { S(factor) * dy }

  // MARK: Bound

  /// One product: γ(1)·|y| + η; a product with 0, 1 or −1 is exact.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    x == 0 || factor == 0 || factor.magnitude == 1
      ? 0 : rounding.gamma(1) * (factor * x).magnitude + rounding.underflow
  }

  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    valueError(dy, rounding)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("a tenth", ["factor": 0.1])
      + shapeExamples("a negative factor", ["factor": -3])
      + shapeExamples("nothing", ["factor": 0])
      + constantRefusals("factor")
  }
}

extension ElementwiseLayer {
  /// What a kind with one required constant refuses.
  static func constantRefusals(_ name: String) -> [LayerExample] {
    [
      LayerExample("no constant", inputs: [[2]], refused: .missingHyperparameter(name)),
      LayerExample(
        "a word for a constant", [name: "large"], inputs: [[2]],
        refused: .wrongType(hyperparameter: name, expected: "a number", found: "large")),
      LayerExample(
        "an infinite constant", [name: .real(.infinity)], inputs: [[2]],
        refused: .outOfRange(
          hyperparameter: name, allowed: "a finite number", found: .real(.infinity))),
      LayerExample(
        "an unknown hyper-parameter", [name: 1, "approximate": 2], inputs: [[2]],
        refused: .unknownHyperparameter("approximate", closest: nil)),
    ]
  }
}
