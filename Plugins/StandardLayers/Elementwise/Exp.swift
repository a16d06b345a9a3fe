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

  /// The exponential and one product: 4.04u·|dx| + η(1 + |dy|).
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    4.04 * rounding.unit * (dy * Double.exp(x)).magnitude
      + rounding.underflow * (1 + dy.magnitude)
  }
}
