import RealModule
import Tensors

/// The functions of a scalar: what the error of the argument becomes, and a few roundings.
extension Approximation {
  /// eˣ·(e^E − 1), and 3u of its own.
  static func exp(_ x: Approximation) -> Approximation {
    let y = Double.exp(x.value)
    return result(
      y, inherited: product(y, Double.expMinusOne(x.error)), roundings: 3, underflows: true, x)
  }

  static func expMinusOne(_ x: Approximation) -> Approximation {
    result(
      Double.expMinusOne(x.value),
      inherited: product(Double.exp(x.value), Double.expMinusOne(x.error)), roundings: 3,
      underflows: true, x)
  }

  /// −log(1 − E/x), and 3u of its own.
  static func log(_ x: Approximation) -> Approximation {
    logarithm(of: x, at: x.value, Double.log(x.value))
  }

  /// −log(1 − E/(1 + x)), and 3u of its own.
  static func log(onePlus x: Approximation) -> Approximation {
    logarithm(of: x, at: 1 + x.value, Double.log(onePlus: x.value))
  }

  private static func logarithm(
    of x: Approximation, at argument: Double, _ value: Double
  ) -> Approximation {
    let inherited =
      x.isExact ? 0 : x.error < argument ? -Double.log(onePlus: -x.error / argument) : .infinity
    return result(value, inherited: inherited, roundings: 3, underflows: false, x)
  }

  /// |tanh′| ≤ 1.
  static func tanh(_ x: Approximation) -> Approximation {
    result(Double.tanh(x.value), inherited: x.error, roundings: 8, underflows: true, x)
  }

  /// |erf′| ≤ 2/√π < 1.13.
  static func erf(_ x: Approximation) -> Approximation {
    result(Double.erf(x.value), inherited: 1.13 * x.error, roundings: 8, underflows: true, x)
  }

  /// √x − √(x − E).
  static func squareRoot(_ x: Approximation) -> Approximation {
    let y = x.value.squareRoot()
    return result(
      y, inherited: y - max(0, x.value - x.error).squareRoot(), underflows: false, x)
  }

  /// The larger of |(x ± E)ᵖ − xᵖ|, and 4u of its own.
  static func power(_ x: Approximation, _ exponent: Double) -> Approximation {
    let y = Double.power(x.value, exponent)
    guard !x.isExact else { return result(y, inherited: 0, roundings: 4, underflows: true, x) }
    // The power is monotonic only on one side of 0.
    guard x.value.magnitude > x.error || exponent >= 0 else {
      return result(y, inherited: .infinity, underflows: true, x)
    }
    let size = x.value.magnitude
    let here = Double.power(size, exponent)
    let above = (Double.power(size + x.error, exponent) - here).magnitude
    let below = (Double.power(max(0, size - x.error), exponent) - here).magnitude
    return result(y, inherited: max(above, below), roundings: 4, underflows: true, x)
  }
}
