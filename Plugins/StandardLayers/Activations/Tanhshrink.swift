// Source: torch.nn.Tanhshrink (2.13).

public import LayerKit
public import RealModule
public import Tensors

/// What the hyperbolic tangent takes away from a number.
///
///     y = x − tanh(x)          dx = dy·tanh²(x)
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Tanhshrink: ElementwiseLayer {
  public static let kind = "Tanhshrink"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { x - .tanh(x) }

  // MARK: Backward

  /// tanh² x as 1 − (1 − t)(1 + t), the derivative of the difference as it is defined.
  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    let t = S.tanh(x)
    return dy * (.one - (.one - t) * (.one + t))
  }

  // MARK: Bound

  /// The error of the tangent and of the difference: 8u·|tanh x| + u·|y| + η(1 + |x|).
  ///
  /// For small x the difference cancels: y ≈ x³/3.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    let t = Double.tanh(x).magnitude
    return 1.01 * rounding.unit * (8 * t + (x.magnitude - t).magnitude)
      + rounding.underflow * (1 + x.magnitude)
  }

  /// The error of dy − dy·(1 − t²), as it is when the chain rule is applied to x − tanh x.
  ///
  ///     u·|dy|·[17t² + 4(1 − t²) + t²] + 2η(1 + |dy|)
  ///
  /// As for the tangent itself, and the difference rounds once more.
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    let t = Double.tanh(x)
    let square = t * t
    return 1.01 * rounding.unit * dy.magnitude * (18 * square + 4 * (1 - square))
      + 2 * rounding.underflow * (1 + dy.magnitude)
  }
}
