// Running error analysis (N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed.,
// §3.3): a formula that is generic over its scalar is computed with numbers that carry along how
// far a rounded computation may lie from them. Each operation adds to the errors of its operands,
// enlarged by the formula, what it rounds itself; nothing is left out as being of second order.

import Tensors

/// A number, and how far the same number computed in rounding arithmetic may lie from it.
struct Approximation: Scalar {
  /// The number.
  let value: Double
  /// The largest error; infinite where nothing is known.
  let error: Double

  /// The unit roundoff of the arithmetic; 0 of a constant, which is exact.
  private let unit: Double
  /// What underflow may add to a product, a quotient or an exponential.
  private let underflow: Double

  /// Of a sum made with `+=`: the errors of its terms, their magnitudes, and the additions.
  private var sum: (error: Double, magnitude: Double, additions: Int)

  private init(
    _ value: Double, error: Double, unit: Double, underflow: Double,
    sum: (error: Double, magnitude: Double, additions: Int)? = nil
  ) {
    self.value = value
    // Near overflow, two binades before it, nothing is promised.
    let overflows = value.magnitude + error > 2 / underflow && !(value.isInfinite && error == 0)
    self.error = overflows || (error.isNaN && !value.isNaN) ? .infinity : error
    self.unit = unit
    self.underflow = underflow
    self.sum = sum ?? (self.error, value.magnitude + self.error, 0)
  }

  init(_ constant: Double) { self.init(constant, error: 0, unit: 0, underflow: 0) }

  /// An operand: exact, or off by `roundings` relative errors of the unit roundoff.
  init(_ value: Double, _ rounding: Rounding, roundings: Int = 0) {
    self.init(
      value, error: roundings == 0 ? 0 : rounding.gamma(roundings) * value.magnitude,
      unit: rounding.unit, underflow: rounding.underflow)
  }

  /// The limit for the comparison with a computed number; NaN only where the number is.
  var limit: Double { 1.001 * error }

  /// The result of an operation of which only the inherited error is known.
  ///
  /// It rounds `roundings` times, and may underflow.
  static func result(
    _ value: Double, inherited: Double, roundings: Double = 1, underflows: Bool, _ a: Approximation,
    _ b: Approximation? = nil
  ) -> Approximation {
    let unit = max(a.unit, b?.unit ?? 0)
    let underflow = max(a.underflow, b?.underflow ?? 0)
    // What is infinite for exact operands is so in any arithmetic.
    let isPole = value.isInfinite && inherited == 0
    let own = isPole ? 0 : roundings * unit * (value.magnitude + inherited)
    return Approximation(
      value, error: inherited + own + (underflows && !isPole ? underflow : 0), unit: unit,
      underflow: underflow)
  }

  /// Whether it has no error.
  var isExact: Bool { error == 0 }
  private var isExactZero: Bool { isExact && value == 0 }
}

// MARK: Arithmetic

extension Approximation {
  static func + (_ a: Approximation, _ b: Approximation) -> Approximation {
    if a.isExactZero { return b.alone(beside: a) }
    if b.isExactZero { return a.alone(beside: b) }
    return result(a.value + b.value, inherited: a.error + b.error, underflows: false, a, b)
  }

  static func - (_ a: Approximation, _ b: Approximation) -> Approximation { a + (-b) }

  prefix static func - (_ a: Approximation) -> Approximation {
    Approximation(-a.value, error: a.error, unit: a.unit, underflow: a.underflow)
  }

  /// A term added to a sum whose terms may be added in any order.
  ///
  /// n additions of terms with the errors E: ΣE + γ(n + 1)·Σ(|term| + E), one more for a factor of
  /// the sum that may have been multiplied into its terms.
  static func += (_ a: inout Approximation, _ b: Approximation) {
    if a.isExactZero {
      a = b.alone(beside: a)
      return
    }
    if b.isExactZero { return }
    let unit = max(a.unit, b.unit)
    let underflow = max(a.underflow, b.underflow)
    let error = a.sum.error + b.error
    let magnitude = a.sum.magnitude + b.value.magnitude + b.error
    let additions = a.sum.additions + 1
    let value = a.value + b.value
    // An infinite term outweighs the errors of all others.
    let isPole = value.isInfinite && [a, b].contains { $0.value.isInfinite && $0.isExact }
    let gamma =
      unit == 0 || isPole
      ? 0 : Rounding(unit: unit, underflow: underflow).gamma(additions + 1)
    a = Approximation(
      value, error: isPole ? 0 : error + gamma * magnitude, unit: unit, underflow: underflow,
      sum: (error, magnitude, additions))
  }

  /// The same number as one term, in the arithmetic of both operands.
  private func alone(beside other: Approximation) -> Approximation {
    Approximation(
      value, error: error, unit: max(unit, other.unit), underflow: max(underflow, other.underflow))
  }

  /// |a|·E_b + |b|·E_a + E_a·E_b; a factor of 0 or ±1 rounds nothing, a power of two only underflows.
  static func * (_ a: Approximation, _ b: Approximation) -> Approximation {
    let value = a.value * b.value
    let inherited = product(a.value, b.error) + product(b.value, a.error) + a.error * b.error
    let factors = [a, b].filter(\.isExact).map(\.value.magnitude)
    if factors.contains(0) || factors.contains(1) {
      return Approximation(
        value, error: inherited, unit: max(a.unit, b.unit), underflow: max(a.underflow, b.underflow)
      )
    }
    let isScaling = factors.contains { $0.isNormal && $0.significand == 1 }
    return result(value, inherited: inherited, roundings: isScaling ? 0 : 1, underflows: true, a, b)
  }

  /// |factor|·E, 0 where there is no error: an infinite factor has no distance from itself.
  static func product(_ factor: Double, _ error: Double) -> Double {
    error == 0 ? 0 : factor.magnitude * error
  }

  /// (E_a + |a/b|·E_b) / (|b| − E_b); infinite where b may be 0.
  static func / (_ a: Approximation, _ b: Approximation) -> Approximation {
    let value = a.value / b.value
    let least = b.value.magnitude - b.error
    let inherited =
      a.isExact && b.isExact
      ? 0 : least > 0 ? (a.error + product(value, b.error)) / least : .infinity
    guard !(b.isExact && b.value.magnitude == 1) else {
      return Approximation(
        value, error: inherited, unit: max(a.unit, b.unit), underflow: max(a.underflow, b.underflow)
      )
    }
    return result(value, inherited: inherited, underflows: !a.isExactZero, a, b)
  }

  static func < (_ a: Approximation, _ b: Approximation) -> Bool { a.value < b.value }
  static func > (_ a: Approximation, _ b: Approximation) -> Bool { a.value > b.value }

  /// Where the error of `x` does not leave its sign certain, either branch may have been taken.
  static func select(
    _ a: Approximation, wherePositive x: Approximation, otherwise b: Approximation
  ) -> Approximation {
    let chosen = x.value > 0 ? a : b
    guard x.error > 0, x.value.magnitude <= x.error else { return chosen.alone(beside: x) }
    return Approximation(
      chosen.value, error: max(a.error, b.error) + (a.value - b.value).magnitude,
      unit: max(a.unit, b.unit, x.unit), underflow: max(a.underflow, b.underflow, x.underflow))
  }
}
