// Source: torch.linalg.vector_norm (2.13) and its backward.

import Kernels
import RealModule
import Tensors

/// The p-norm of a vector: (Σ|e|^p)^(1/p).
struct VectorNorm: Hashable, Sendable {
  /// p, any number or infinite.
  let power: Double

  /// The norm; NaN if any element is.
  func value<S: Scalar>(_ e: [S]) -> S {
    if power == 0 { return S(Double(e.count { $0.value != 0 })) }
    if power.isInfinite { return mean(of: extremes(e), e) }
    var sum = S.zero
    if power == 2 {
      for e in e { sum += e * e }
      return S.squareRoot(sum)
    }
    for e in e { sum += power == 1 ? S.magnitude(e) : S.power(S.magnitude(e), power) }
    return power == 1 ? sum : S.power(sum, 1 / power)
  }

  /// The places of the largest |e|, or the smallest for p = −∞; of NaN, if there is any.
  func extremes<S: Scalar>(_ e: [S]) -> [Int] {
    if e.contains(where: { $0.isNaN }) { return e.indices.filter { e[$0].isNaN } }
    let sizes = e.map { $0.value.magnitude }
    let extreme = power > 0 ? sizes.max() : sizes.min()
    return sizes.indices.filter { sizes[$0] == extreme }
  }

  /// The mean of equal magnitudes, so that each of them has a share of the derivative.
  private func mean<S: Scalar>(of places: [Int], _ e: [S]) -> S {
    var sum = S.zero
    for place in places { sum += S.magnitude(e[place]) }
    return sum / S(Double(places.count))
  }

  /// ∂y/∂e[i] = sign(e)·(|e|/y)^(p−1), and 0 where e or y is 0.
  func slopes<S: KernelScalar>(_ e: [S]) -> [S] {
    func sign(_ e: S) -> S { e.isNaN ? e : e > 0 ? 1 : e < 0 ? -1 : 0 }
    if power == 0 { return e.map { _ in 0 } }
    if power == 1 { return e.map(sign) }
    if power.isInfinite {
      let places = extremes(e)
      var slopes = [S](repeating: 0, count: e.count)
      for place in places { slopes[place] = sign(e[place]) / S(places.count) }
      return slopes
    }
    let y = value(e)
    if power == 2 { return e.map { y == 0 ? 0 : $0 / y } }
    return e.map { e in
      e == 0 || y == 0 ? 0 : sign(e) * S.power(e.magnitude, power - 1) / S.power(y, power - 1)
    }
  }
}

/// How far rounding moves the norm of a vector and its slopes.
///
/// Each |e| may be off by E_e, a relative error r = E_e/|e|. Every norm with p ≠ 0 grows with each
/// |e| and with a common factor of all, so that its relative error is at most the largest r; for
/// p ≥ 1 the norm of the errors bounds its error too, whatever r is.
///
/// Powers may be computed as e^(p·ln x), whose exponent is rounded: π(x) = u(8 + 3|p·ln x|).
struct VectorNormRounding {
  /// E_y.
  private(set) var value: Double
  /// ∂y/∂e.
  let slopes: [Double]
  private let norm: VectorNorm
  private let e: [Double]
  private let errors: [Double]
  private let y: Double
  private let rounding: Rounding
  private let isRepresentable: Bool

  init(
    _ norm: VectorNorm, _ e: [Double], errors: [Double], _ format: NumberFormat,
    _ rounding: Rounding
  ) {
    (self.norm, self.e, self.errors, self.rounding) = (norm, e, errors, rounding)
    y = norm.value(e)
    slopes = norm.slopes(e)
    let p = norm.power
    let parts = e.map { $0 == 0 ? 0 : p.isInfinite || p == 0 ? 1 : Double.power($0.magnitude, p) }
    isRepresentable =
      parts.reduce(0, +) <= format.largestFinite
      && (parts.allSatisfy { $0 >= format.smallestNormal })
    value = 0
    value = valueError(isInRange: parts.reduce(0, +) <= format.largestFinite)
  }

  private func valueError(isInRange: Bool) -> Double {
    let p = norm.power
    let relative = zip(e, errors).map { $0 == 0 ? Double.infinity : $1 / $0.magnitude }
    if p == 0 { return Double(relative.count { $0 >= 1 }) }
    let largest = errors.max() ?? 0
    if p.isInfinite { return largest + 4 * rounding.unit * y }
    guard isInRange else { return .infinity }
    if p == 1 || p == 2 {
      // Squares may underflow: Σ e² then is off by m·η at most.
      let lost = p == 1 ? 0 : (Double(e.count) * rounding.underflow).squareRoot()
      let size = VectorNorm(power: p).value(errors)
      return 1.01 * (size + rounding.gamma(e.count + 4) * y) + lost
    }
    guard isRepresentable, let worst = relative.max(), worst < 0.25 else { return .infinity }
    let computing =
      ((e.map { powerError($0.magnitude, p) }.max() ?? 0) + rounding.gamma(e.count)) / p.magnitude
      + powerError(y, 1) + powerError(y, 1 / p)
    return computing < 0.25 ? 1.1 * (worst + computing) * y : .infinity
  }

  /// π(x) for x^p.
  private func powerError(_ x: Double, _ p: Double) -> Double {
    rounding.unit * (8 + 3 * (p * Double.log(x)).magnitude)
  }

  /// The error of one slope.
  func slopeError(_ i: Int) -> Double {
    let p = norm.power
    if p == 0 { return 0 }
    let size = e[i].magnitude
    if p == 1 { return size <= errors[i] ? 2 : 0 }
    if p.isInfinite {
      // Another choice of the extremes is possible if one of the others comes close enough.
      let reach = errors.max() ?? 0
      let close = e.filter { ($0.magnitude - y).magnitude <= 2 * reach }
      let isAlone = close.count == 1 || errors.allSatisfy { $0 == 0 }
      return isAlone && size > errors[i] || (size - y).magnitude > 2 * reach ? 0 : 2
    }
    let relative = value / y
    guard relative < 0.25 else { return .infinity }
    if p == 2 {
      return 1.4 * (errors[i] / y + slopes[i].magnitude * (relative + 4 * rounding.unit))
        + rounding.underflow
    }
    let own = errors[i] / size
    guard own < 0.25 else { return .infinity }
    let change =
      (p - 1).magnitude * 1.4 * (own + relative) + powerError(size, p - 1) + powerError(y, p - 1)
    return change < 0.25 && isRepresentable
      ? 1.2 * slopes[i].magnitude * change + rounding.underflow : .infinity
  }
}
