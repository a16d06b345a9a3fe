// Source: torch.nn.Mish (2.13); D. Misra 2019.

public import Kernels
public import LayerKit
public import Tensors

/// A number times the hyperbolic tangent of its softplus.
///
///     y = x·t,  t = tanh(ln(1 + eˣ))          dx = dy·(t + x·σ(x)·(1 − t²))
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Mish: CompositeLayer {
  public static let kind = "Mish"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { x * .tanh(.softplus(x)) }

  // MARK: Forward

  @inlinable
  public var valueFunction: ElementaryFunction { .exp }

  @inlinable
  public func valueArgument<S: Scalar>(_ x: S) -> S { x > .zero ? -x : x }

  /// x·n/(n + r), by one exponential instead of three functions.
  @inlinable
  public func value<S: Scalar>(_ x: S, _ z: S) -> S {
    let (n, r) = Self.parts(x, z)
    return x * (n / (n + r))
  }

  /// n and r with t = n/(n + r), from z = e^−|x|.
  ///
  /// tanh(ln a) = (a² − 1)/(a² + 1) with a = 1 + eˣ, divided by e²ˣ where x > 0:
  ///
  ///     x > 0:  n = 1 + 2z, r = 2z²          otherwise:  n = z(2 + z), r = 2
  @inlinable
  static func parts<S: Scalar>(_ x: S, _ z: S) -> (n: S, r: S) {
    x > .zero ? (S.one + S(2) * z, S(2) * z * z) : (z * (S(2) + z), S(2))
  }

  // MARK: Backward

  @inlinable
  public var slopeFunctions: (ElementaryFunction, ElementaryFunction?) { (.exp, .logistic) }

  @inlinable
  public func slopeArguments<S: Scalar>(_ x: S) -> (S, S) { (valueArgument(x), x) }

  /// 1 − t² = (1 − t)(1 + t) with t = n/(n + r) and 1 − t = r/(n + r), which does not cancel.
  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ z: S, _ s: S) -> S {
    let (n, r) = Self.parts(x, z)
    let d = n + r
    let square = r / d * ((n + d) / d)
    // A product with x = ∞ would be no number.
    guard square > .zero || x.isNaN else { return dy * (n / d) }
    return dy * (n / d + x * s * square)
  }

  // MARK: Bound

  /// 20u·|y| + η(1 + |x|).
  ///
  /// Softplus has the relative error 10u, of which the tangent keeps at most all; the tangent
  /// itself adds 8u, the product u.
  @inlinable
  public func valueError(_ x: Double, _ z: Double, _ rounding: Rounding) -> Double {
    20 * rounding.unit * value(x, z).magnitude + rounding.underflow * (1 + x.magnitude)
  }

  /// The error of dy·(t + xs(1 − t²)), s = σ(x), from a t with the relative error 18u.
  ///
  ///     u·|dy|·[20t + |x|s·(12(1 − t²) + D)] + 2η(1 + |dy|)(1 + |x|)
  ///
  /// D = 36t² + 1 is the error of 1 − t², which cancels. Where 1 − t < u/8, the tangent is taken
  /// to be 1, as it is when correctly rounded, and the error is 1 − t² itself.
  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ z: Double, _ s: Double, _ rounding: Rounding
  ) -> Double {
    let u = rounding.unit
    let (n, r) = Self.parts(x, z)
    let t = n / (n + r)
    let rest = r / (n + r)
    let square = rest * (1 + t)
    let difference = rest < u / 8 ? square / u : 36 * t * t + 1
    let weight = x.magnitude * s
    return 1.01 * u * dy.magnitude
      * (20 * t + (weight == 0 ? 0 : weight * (12 * square + difference)))
      + 2 * rounding.underflow * (1 + dy.magnitude) * (1 + x.magnitude)
  }
}
