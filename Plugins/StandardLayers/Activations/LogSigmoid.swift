// Source: torch.nn.LogSigmoid (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The logarithm of the logistic function.
///
///     y = ln σ(x) = −ln(1 + e⁻ˣ)          dx = dy·σ(−x)
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct LogSigmoid: CompositeLayer {
  public static let kind = "LogSigmoid"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public var valueFunction: ElementaryFunction { .softplus }

  @inlinable
  public func valueArgument<S: Scalar>(_ x: S) -> S { -x }

  @inlinable
  public func value<S: Scalar>(_ x: S, _ f: S) -> S { -f }

  // MARK: Backward

  @inlinable
  public var slopeFunctions: (ElementaryFunction, ElementaryFunction?) { (.logistic, nil) }

  @inlinable
  public func slopeArguments<S: Scalar>(_ x: S) -> (S, S) { (-x, -x) }

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ f: S, _ g: S) -> S { dy * f }

  // MARK: Bound

  /// 10u·|y| + η(1 + |x|), as for softplus.
  ///
  /// It is assumed that no logarithm of a rounded σ(x) ≈ 1 is taken, which keeps no digit of y.
  @inlinable
  public func valueError(_ x: Double, _ f: Double, _ rounding: Rounding) -> Double {
    10 * rounding.unit * f.magnitude + rounding.underflow * (1 + x.magnitude)
  }

  /// 8u·|dx| + 2η(1 + |dy|), as for the logistic function, whose small values do not cancel.
  ///
  /// For x < 0 the difference 1 − eˣ/(1 + eˣ) is at least ½.
  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ f: Double, _ g: Double, _ rounding: Rounding
  ) -> Double {
    8 * rounding.unit * (dy * f).magnitude
      + 2 * rounding.underflow * (1 + dy.magnitude)
  }
}
