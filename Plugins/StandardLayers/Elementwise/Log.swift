// Source: torch.log (2.13).

public import LayerKit
public import Tensors

/// The natural logarithm.
///
///     y = ln x          dx = dy/x
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. ln 0 = −∞, and the logarithm of a negative number is NaN.
public struct Log: ElementwiseLayer {
  public static let kind = "Log"
  public static let signature = Signature(
    kind: kind, inputs: [.init("input", .positiveNumbers)], traits: .elementwise)

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { .log(x) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { dy / x }

  // MARK: Bound

  /// 4u·|y| + η: two units in the last place, near 1 too.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    4 * rounding.unit * value(x).magnitude + rounding.underflow
  }

  /// A quotient, or a product with the reciprocal: γ(2)·|dx| + η(1 + |dy|).
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    rounding.gamma(2) * (dy / x).magnitude + rounding.underflow * (1 + dy.magnitude)
  }
}
