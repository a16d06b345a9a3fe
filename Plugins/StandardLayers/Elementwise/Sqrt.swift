// Source: torch.sqrt (2.13).

public import LayerKit
public import Tensors

/// The square root.
///
///     y = √x          dx = dy/(2√x)
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. At 0 the gradient is infinite, and NaN where dy is 0. The root of a negative
///   number is NaN.
public struct Sqrt: ElementwiseLayer {
  public static let kind = "Sqrt"
  public static let signature = Signature(
    kind: kind, inputs: [.init("input", .positiveNumbers)], traits: .elementwise)

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { .squareRoot(x) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { dy / (S(2) * .squareRoot(x)) }

  // MARK: Bound

  /// One unit in the last place, for hardware without a correctly rounded root: γ(2)·|y|.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    rounding.gamma(2) * value(x).magnitude
  }

  /// Root and quotient, or a product with the reciprocal: γ(4)·|dx| + η(1 + |dy|).
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    rounding.gamma(4) * gradient(x, dy).magnitude + rounding.underflow * (1 + dy.magnitude)
  }
}
