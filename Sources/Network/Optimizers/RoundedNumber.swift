public import Tensors

/// A number together with how far rounding may have moved it: running error analysis.
///
/// Each operation adds what it does to the errors of its operands and what it rounds itself
/// (N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., §3.3). The value is
/// computed in double precision, the error for the rounding of the arithmetic in question:
///
///     x ± a + y ± b:   a + b                          + r(x + y)
///     x ± a · y ± b:   |x|b + |y|a + ab               + r(xy) + η
///     x ± a / y ± b:   (a + |x/y|b) / (|y| − b)       + r(x/y) + η,   ∞ unless b < |y|
///     √(x ± a):        the larger of √(x + a) − √x and √x − √(x − a)   + r(√x)
///
/// r(z) = 2u(|z| + error of z): every operation is charged with two roundings, because a program
/// may need two where the formula has one: a quotient by a constant as a product with its
/// reciprocal, which is rounded too. Constants count two as well: they are rounded, and a step size
/// of several constants may be computed in the same format. So a result holds for every way of
/// computing that differs by such rearrangements.
public struct RoundedNumber: StepNumber {
  /// The value.
  public let value: Double
  /// The largest distance of another correct value; infinite where none can be stated.
  public let error: Double
  /// The arithmetic in question.
  public let rounding: Rounding

  /// Makes a number; 0 for one that is given and not computed.
  public init(_ value: Double, error: Double = 0, rounding: Rounding) {
    self.value = value
    self.error = error.isNaN ? .infinity : error
    self.rounding = rounding
  }

  /// The result of an operation whose operands bring `error`.
  ///
  /// Nothing can be said of a number that may overflow: the largest one is 4/η in every format.
  private func computed(_ value: Double, _ error: Double, underflow: Bool = false) -> Self {
    guard value.magnitude + error < 2 / rounding.underflow else {
      return Self(value, error: .infinity, rounding: rounding)
    }
    let rounded = 2 * rounding.unit * (value.magnitude + error)
    return Self(
      value, error: error + rounded + (underflow ? rounding.underflow : 0), rounding: rounding)
  }

  public static func + (_ a: Self, _ b: Self) -> Self {
    a.computed(a.value + b.value, a.error + b.error)
  }

  public static func - (_ a: Self, _ b: Self) -> Self {
    a.computed(a.value - b.value, a.error + b.error)
  }

  public static func * (_ a: Self, _ b: Self) -> Self {
    let error =
      a.value.magnitude * b.error + b.value.magnitude * a.error + a.error * b.error
    return a.computed(a.value * b.value, error, underflow: true)
  }

  public static func / (_ a: Self, _ b: Self) -> Self {
    let quotient = a.value / b.value
    let room = b.value.magnitude - b.error
    guard room > 0 else { return Self(quotient, error: .infinity, rounding: a.rounding) }
    return a.computed(
      quotient, (a.error + quotient.magnitude * b.error) / room, underflow: true)
  }

  public static prefix func - (_ a: Self) -> Self {
    Self(-a.value, error: a.error, rounding: a.rounding)
  }

  public static func squareRoot(_ x: Self) -> Self {
    let root = x.value.squareRoot()
    let above = (x.value + x.error).squareRoot() - root
    let below = root - max(0, x.value - x.error).squareRoot()
    return x.computed(root, max(above, below))
  }

  /// The distance of two maxima is at most the larger distance of their operands.
  public static func larger(_ a: Self, _ b: Self) -> Self {
    Self(
      Double.larger(a.value, b.value), error: max(a.error, b.error), rounding: a.rounding)
  }

  public func constant(_ value: Double, uncertainty: Double) -> Self {
    Self(value, error: (2 * rounding.unit + uncertainty) * value.magnitude, rounding: rounding)
  }

  /// βx + (1 − β)y, or the interpolation that PyTorch computes instead.
  ///
  /// With w = 1 − β that is x + w(y − x) for w < ½. Its product has three roundings, of w, of the
  /// difference and its own, each at most w(|x| + |y|), and w|x| ≤ β|x|: with the last addition
  /// 4u(β|x| + w|y|) to first order. For w ≥ ½ it is y − (y − x)(1 − w). Exchange x and y, but the
  /// rounding of w is u·w of 1 − w, so that x has to count in full. Six roundings cover the
  /// higher orders of both.
  public func averaged(with y: Self, keeping beta: Double) -> Self {
    let (w, share) = (1 - beta, beta > 0.5 ? beta : 1)
    let inherited = beta.magnitude * error + w.magnitude * y.error
    let magnitude = share * (value.magnitude + error) + w.magnitude * (y.value.magnitude + y.error)
    return Self(
      beta * value + w * y.value,
      error: inherited + rounding.gamma(6) * magnitude + 2 * rounding.underflow,
      rounding: rounding)
  }
}
