// Source: torch.nn.Softsign (2.13).

public import LayerKit
public import Tensors

/// A sigmoid that approaches ±1 like 1/x.
///
///     y = x/(1 + |x|)          dx = dy/(1 + |x|)²
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN, and infinity becomes NaN.
public struct Softsign: ElementwiseLayer {
  public static let kind = "Softsign"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { x / (.one + .magnitude(x)) }

  // MARK: Backward

  /// Two divisions: the square of the denominator could overflow.
  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    let d = S.one + .magnitude(x)
    return dy / d / d
  }

  // MARK: Bound

  /// One sum and one quotient: γ(2)·|y| + η.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    rounding.gamma(2) * value(x).magnitude + rounding.underflow
  }

  /// The error of dy/d − dy·|x|/d², d = 1 + |x|, the chain rule of the quotient.
  ///
  ///     γ(8)·|dy|/d + 2η(1 + |dy|)
  ///
  /// The first term has 2 roundings, the second 6, the difference 1; for large x they cancel.
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    rounding.gamma(8) * dy.magnitude / (1 + x.magnitude)
      + 2 * rounding.underflow * (1 + dy.magnitude)
  }
}
