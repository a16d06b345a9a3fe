// Source: torch.nn.Tanh (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The hyperbolic tangent.
///
///     y = tanh(x)          dx = dy·(1 − y²)
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Tanh: FunctionLayer {
  public static let kind = "Tanh"
  public static let function = ElementaryFunction.tanh
  public static let needsMirrored = false

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S, _ y: S) -> S { y }

  // MARK: Backward

  /// 1 − y² = (1 − y)(1 + y), which cancels once instead of twice.
  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ y: S, mirrored: S) -> S {
    dy * ((.one - y) * (.one + y))
  }

  // MARK: Bound

  /// 8u·|y| + η(1 + |x|).
  @inlinable
  public func valueError(_ x: Double, _ y: Double, _ rounding: Rounding) -> Double {
    8 * rounding.unit * y.magnitude + rounding.underflow * (1 + x.magnitude)
  }

  /// The error of dy·(1 − y²) from a y with the relative error 8u.
  ///
  ///     u·|dy|·[17y² + 4(1 − y²)] + 2η(1 + |dy|)
  ///
  /// y² has the relative error 2·8u and rounds once; the difference and the product round once
  /// each, or once more in the form (1 − y)(1 + y). Where y² ≈ 1 the difference cancels.
  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ y: Double, mirrored: Double, _ rounding: Rounding
  ) -> Double {
    let square = y * y
    return 1.01 * rounding.unit * dy.magnitude * (17 * square + 4 * (1 - square))
      + 2 * rounding.underflow * (1 + dy.magnitude)
  }
}
