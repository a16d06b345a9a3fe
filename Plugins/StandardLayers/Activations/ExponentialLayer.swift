// The mechanism of ELU, CELU and SELU: a line for positive numbers, an exponential for negative.

public import Kernels
public import LayerKit
public import Tensors

/// An elementwise layer whose function is an `ExponentialCurve`.
public protocol ExponentialLayer: CompositeLayer {
  /// The function.
  var curve: ExponentialCurve { get }
}

extension ExponentialLayer {
  @inlinable
  public var valueFunction: ElementaryFunction { .expMinusOne }

  @inlinable
  public var slopeFunctions: (ElementaryFunction, ElementaryFunction?) { (.exp, nil) }

  @inlinable
  public func valueArgument<S: Scalar>(_ x: S) -> S { S(curve.rate) * x }

  @inlinable
  public func slopeArguments<S: Scalar>(_ x: S) -> (S, S) {
    let z = valueArgument(x)
    return (z, z)
  }

  @inlinable
  public func value<S: Scalar>(_ x: S, _ f: S) -> S { curve.value(x, f) }

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ f: S, _ g: S) -> S {
    curve.gradient(x, dy, f)
  }

  @inlinable
  public func valueError(_ x: Double, _ f: Double, _ rounding: Rounding) -> Double {
    curve.valueError(x, f, rounding)
  }

  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ f: Double, _ g: Double, _ rounding: Rounding
  ) -> Double {
    curve.gradientError(x, dy, f, rounding)
  }

  public var kinks: [Kink] {
    let left = curve.amplitude * curve.rate
    return curve.slope == left ? [] : [.point(input: 0, slope: left)]
  }
}

/// The function y = slope·x where x > 0, otherwise amplitude·(e^(rate·x) − 1).
public struct ExponentialCurve: Sendable {
  /// The derivative for positive numbers.
  public let slope: Double
  /// What negative numbers approach, without its sign.
  public let amplitude: Double
  /// The factor of x in the exponent.
  public let rate: Double
  /// How far, relatively, a derivative's own rate may be off before anything is rounded.
  public let rateError: Double

  @usableFromInline
  init(slope: Double, amplitude: Double, rate: Double, rateError: Double = 0) {
    self.slope = slope
    self.amplitude = amplitude
    self.rate = rate
    self.rateError = rateError
  }

  @inlinable
  func rounded(to format: NumberFormat) -> ExponentialCurve {
    ExponentialCurve(
      slope: format.rounded(slope), amplitude: format.rounded(amplitude),
      rate: format.rounded(rate), rateError: rateError)
  }

  // MARK: Value and gradient

  /// y, with f = e^(rate·x) − 1.
  @inlinable
  func value<S: Scalar>(_ x: S, _ f: S) -> S {
    x > .zero ? S(slope) * x : S(amplitude) * f
  }

  /// dx, with e = e^(rate·x).
  @inlinable
  func gradient<S: Scalar>(_ x: S, _ dy: S, _ e: S) -> S {
    x > .zero ? S(slope) * dy : dy * (S(amplitude) * S(rate)) * e
  }

  // MARK: Bound

  /// 8u|y| for e^z − 1, z = rate·x, and the product, plus what the rounding of the constants adds.
  ///
  ///     x > 0:  γ(2)·|y| + η, 0 where the slope is 1
  ///     x ≤ 0:  1.01u·[(8 + k)|y| + 3|amplitude·z|·e^z] + η(1 + |amplitude|)
  ///
  /// k = 0 where rate and slope are 1; otherwise 3, since the amplitude is a product of rounded
  /// constants, and z has the relative error 3u (1/α, its rounding, the product). It is assumed
  /// that e^z − 1 is computed as such: the difference of a rounded exponential and 1 keeps no
  /// digit of a small z. There is no bound where e^z may overflow, as it may for a negative rate.
  @inlinable
  func valueError(_ x: Double, _ f: Double, _ rounding: Rounding) -> Double {
    if x > 0 { return lineError(x, rounding) }
    // e^z where it counts: where f is about −1 its term is none beside 8|y|.
    let (z, e) = (rate * x, f + 1)
    guard !rounding.mayOverflow(e) else { return .infinity }
    let y = (amplitude * f).magnitude
    let inherited = rate == 1 ? 0 : 3 * (amplitude * decay(z, e)).magnitude
    return 1.01 * rounding.unit * ((8 + constantRoundings) * y + inherited)
      + rounding.underflow * (1 + amplitude.magnitude)
  }

  /// The error of amplitude·rate·e^z·dy, or of rate·(y + amplitude)·dy, which is the same.
  ///
  ///     x > 0:  γ(2)·|slope·dy| + η, 0 where the slope is 1
  ///     x ≤ 0:  1.01u|dy·rate·amplitude|·[(8 + k)·|e^z − 1| + (8 + 2k)·e^z + 3|z|e^z]
  ///             + 2η(1 + |dy|)(1 + |amplitude|)(1 + |rate|)
  ///
  /// The second form, which needs no x, inherits the error of y; exponential, sum and products
  /// round on top. Its first term is large against e^z where e^z is small: there y + amplitude
  /// cancels. An error of the rate enters as a factor and in the exponent: (1 + |z|)·e^z.
  @inlinable
  func gradientError(_ x: Double, _ dy: Double, _ e: Double, _ rounding: Rounding) -> Double {
    if x > 0 { return lineError(dy, rounding) }
    let z = rate * x
    guard !rounding.mayOverflow(e) else { return .infinity }
    let (k, scale) = (constantRoundings, (amplitude * rate * dy).magnitude)
    let relative =
      (8 + k) * (e - 1).magnitude + (8 + 2 * k) * e
      + (rate == 1 ? 0 : 3 * decay(z, e).magnitude)
    let inherited = 1.01 * rateError * (e + decay(z, e).magnitude)
    return (scale == 0 ? 0 : scale * (1.01 * rounding.unit * relative + inherited))
      + 2 * rounding.underflow * (1 + dy.magnitude) * (1 + amplitude.magnitude)
      * (1 + rate.magnitude)
  }

  /// How many roundings of constants count beyond those of a plain exponential.
  @inlinable
  var constantRoundings: Double { rate == 1 && slope == 1 ? 0 : 3 }

  /// The error of slope·v for a slope that some round and others do not.
  @inlinable
  func lineError(_ v: Double, _ rounding: Rounding) -> Double {
    slope == 1 ? 0 : rounding.gamma(2) * (slope * v).magnitude + rounding.underflow
  }

  /// z·e^z, 0 in the limit.
  @inlinable
  func decay(_ z: Double, _ e: Double) -> Double { e == 0 ? 0 : z * e }
}
