// Source: torch.exp (2.13).

public import LayerKit
public import RealModule
public import Tensors

/// The exponential function.
///
///     y = eˣ          dx = dy·eˣ
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Exp: ElementwiseLayer {
  public static let kind = "Exp"

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { .exp(x) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { dy * .exp(x) }

  // MARK: Bound

  /// 3u·|y| + η.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    3 * rounding.unit * Double.exp(x) + rounding.underflow
  }

  /// The exponential and one product: 4.04u·|dx| + η(1 + |dy|); no bound where eˣ may overflow.
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    let y = Double.exp(x)
    guard !rounding.mayOverflow(y) else { return .infinity }
    return 4.04 * rounding.unit * (dy * y).magnitude + rounding.underflow * (1 + dy.magnitude)
  }
}
