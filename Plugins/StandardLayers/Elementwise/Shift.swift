// Source: the sum of a tensor and a number in PyTorch (2.13).

public import LayerKit
public import Tensors

/// The sum with a constant.
///
///     y = x + offset          dx = dy
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Shift: ElementwiseLayer {
  public static let kind = "Shift"

  // MARK: Hyper-parameters

  /// The constant; required, any finite number.
  public let offset: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    offset = hyperparameters.real("offset")
  }

  @usableFromInline
  init(offset: Double) { self.offset = offset }

  @inlinable
  public func rounded(to format: NumberFormat) -> Shift { Shift(offset: format.rounded(offset)) }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { x + S(offset) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { dy }

  // MARK: Bound

  /// One sum: γ(1)·|y|; the gradient is exact.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    offset == 0 ? 0 : rounding.gamma(1) * value(x).magnitude
  }

  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double { 0 }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("a tenth", ["offset": 0.1])
      + shapeExamples("a negative offset", ["offset": -3])
      + shapeExamples("nothing", ["offset": 0])
      + constantRefusals("offset")
  }
}
