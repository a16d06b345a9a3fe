// Source: torch.pow with a number as the exponent (2.13).

public import LayerKit
public import RealModule
public import Tensors

/// A power with a constant exponent.
///
///     y = xᵖ          dx = dy·p·xᵖ⁻¹, 0 where p = 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. At 0 the formula holds: 0⁰ = 1, and a negative power of 0 is infinite. A
///   negative base has whole powers alone, others are NaN. NaN⁰ = 1, otherwise NaN stays NaN.
public struct Power: ElementwiseLayer {
  public static let kind = "Power"
  public static let signature = Signature(
    kind: kind, inputs: [.init("input", .positiveNumbers)], traits: .elementwise)

  // MARK: Hyper-parameters

  /// p; required, any finite number.
  public let exponent: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    exponent = hyperparameters.real("exponent")
  }

  @usableFromInline
  init(exponent: Double) { self.exponent = exponent }

  @inlinable
  public func rounded(to format: NumberFormat) -> Power {
    Power(exponent: format.rounded(exponent))
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { .power(x, exponent) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    exponent == 0 ? .zero : dy * (S(exponent) * .power(x, exponent - 1))
  }

  // MARK: Bound

  /// u·|y|·(6 + n + 2|p·ln|x||) + η, n = |p| where p is whole; 0 where p is 0 or 1.
  ///
  /// A library's power, products that square and multiply (n roundings), or exp(p·ln x), whose
  /// argument rounds twice; three roundings and a correct power in between. There is no bound where
  /// the power, or the reciprocal of a power that underflows, may leave the format.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    guard exponent != 0, exponent != 1 else { return 0 }
    let y = value(x).magnitude
    guard !rounding.mayOverflow(4 * y) else { return .infinity }
    return y == 0
      ? rounding.underflow
      : 1.01 * rounding.unit * y * (6 + products + 2 * exponent.magnitude * logarithm(x))
        + rounding.underflow
  }

  /// u·|dx|·(8 + n + (2|p − 1| + 2|p|)·|ln|x||) + η(1 + |dy|)(1 + |p|).
  ///
  /// As for the value, with the exponent p − 1, which inherits the rounding of p, and two products.
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    guard exponent != 0, exponent != 1 else { return 0 }
    let dx = gradient(x, dy).magnitude
    let power = gradient(x, 1).magnitude
    guard !rounding.mayOverflow(4 * power * max(1, 1 / exponent.magnitude)) else {
      return .infinity
    }
    let underflow = rounding.underflow * (1 + dy.magnitude) * (1 + exponent.magnitude)
    guard dx > 0 else { return underflow }
    let exponents = 2 * (exponent - 1).magnitude + 2 * exponent.magnitude
    return 1.01 * rounding.unit * dx * (8 + products + exponents * logarithm(x)) + underflow
  }

  /// The number of products that a power by repeated squaring may need.
  @inlinable
  var products: Double { exponent == exponent.rounded() ? exponent.magnitude : 0 }

  /// |ln|x||, 0 for x = 0, whose powers round nothing.
  @inlinable
  func logarithm(_ x: Double) -> Double { x == 0 ? 0 : Double.log(x.magnitude).magnitude }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("square", ["exponent": 2])
      + shapeExamples("cube", ["exponent": 3.0])
      + shapeExamples("reciprocal", ["exponent": -1])
      + shapeExamples("reciprocal of the square", ["exponent": -2])
      + shapeExamples("root", ["exponent": 0.5])
      + shapeExamples("a broken exponent", ["exponent": -1.3])
      + shapeExamples("the number itself", ["exponent": 1])
      + constantRefusals("exponent")
  }
}
