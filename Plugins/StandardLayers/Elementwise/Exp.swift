// Source: torch.exp (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The exponential function.
///
///     y = eˣ          dx = dy·eˣ
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Exp: FunctionLayer {
  public static let kind = "Exp"
  public static let function = ElementaryFunction.exp
  public static let needsMirrored = false

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S, _ y: S) -> S { y }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ y: S, mirrored: S) -> S { dy * y }

  // MARK: Bound

  /// 3u·|y| + η.
  @inlinable
  public func valueError(_ x: Double, _ y: Double, _ rounding: Rounding) -> Double {
    3 * rounding.unit * y + rounding.underflow
  }

  /// The exponential and one product: 4.04u·|dx| + η(1 + |dy|); no bound where eˣ may overflow.
  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ y: Double, mirrored: Double, _ rounding: Rounding
  ) -> Double {
    guard !rounding.mayOverflow(y) else { return .infinity }
    return 4.04 * rounding.unit * (dy * y).magnitude + rounding.underflow * (1 + dy.magnitude)
  }
}
