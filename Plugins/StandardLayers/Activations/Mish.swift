// Source: torch.nn.Mish (2.13); D. Misra 2019.

public import LayerKit
public import RealModule
public import Tensors

/// A number times the hyperbolic tangent of its softplus.
///
///     y = x·t,  t = tanh(ln(1 + eˣ))          dx = dy·(t + x·σ(x)·(1 − t²))
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Mish: ElementwiseLayer {
  public static let kind = "Mish"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { x * .tanh(.softplus(x)) }

  // MARK: Backward

  /// 1 − t² = (1 − t)(1 + t) with t = n/(n + r) and 1 − t = r/(n + r), which does not cancel.
  ///
  /// tanh(ln a) = (a² − 1)/(a² + 1) with a = 1 + eˣ, divided by e²ˣ where x > 0:
  ///
  ///     x > 0:  n = 1 + 2z, r = 2z², z = e⁻ˣ          otherwise:  n = z(2 + z), r = 2, z = eˣ
  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    let isPositive = x > .zero
    let z = S.exp(isPositive ? -x : x)
    let n = isPositive ? S.one + S(2) * z : z * (S(2) + z)
    let r = isPositive ? S(2) * z * z : S(2)
    let d = n + r
    let square = r / d * ((n + d) / d)
    // A product with x = ∞ would be no number.
    guard square > .zero || x.isNaN else { return dy * (n / d) }
    return dy * (n / d + x * .logistic(x) * square)
  }

  // MARK: Bound

  /// 20u·|y| + η(1 + |x|).
  ///
  /// Softplus has the relative error 10u, of which the tangent keeps at most all; the tangent
  /// itself adds 8u, the product u.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    20 * rounding.unit * value(x).magnitude + rounding.underflow * (1 + x.magnitude)
  }

  /// The error of dy·(t + xs(1 − t²)), s = σ(x), from a t with the relative error 18u.
  ///
  ///     u·|dy|·[20t + |x|s·(12(1 − t²) + D)] + 2η(1 + |dy|)(1 + |x|)
  ///
  /// D = 36t² + 1 is the error of 1 − t², which cancels. Where 1 − t < u/8, the tangent is taken
  /// to be 1, as it is when correctly rounded, and the error is 1 − t² itself.
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    let u = rounding.unit
    let z = Double.exp(-x.magnitude)
    let n = x > 0 ? 1 + 2 * z : z * (2 + z)
    let r = x > 0 ? 2 * z * z : 2
    let t = n / (n + r)
    let rest = r / (n + r)
    let square = rest * (1 + t)
    let difference = rest < u / 8 ? square / u : 36 * t * t + 1
    let weight = x.magnitude * Double.logistic(x)
    return 1.01 * u * dy.magnitude
      * (20 * t + (weight == 0 ? 0 : weight * (12 * square + difference)))
      + 2 * rounding.underflow * (1 + dy.magnitude) * (1 + x.magnitude)
  }
}
