// How far rounding moves the normalised numbers x̂ = (x − μ)/s of a group of m numbers, where
// μ = mean x, d = x − μ, v = mean d², s = √(v + ε). Standard model of rounding (N. J. Higham,
// *Accuracy and Stability of Numerical Algorithms*, 2nd ed., §2.2), for the two-pass algorithm
// (§1.9): the mean is removed before the squares are added. η is what underflow may add to a
// product or a quotient.
//
//     E_μ = γ(m)·mean|x| + η
//     E_d = E_μ + u|d| + u·E_μ
//     E_v = γ(m+2)(v + 2E_μ·mean|d| + E_μ²) + 2·mean(|d|·E_d) + mean(E_d²) + u·v + 2η
//     ρ = (E_v + E_ε) / 2(v+ε),   δ = ρ/(1−2ρ) + 4u
//     E_x̂ = (E_d/s + |x̂|δ)(1+δ) + η
//
// E_ε is how far ε itself may have been rounded below the smallest normal number; above that the
// 4u of δ cover it. Without a mean, E_μ = 0 and d = x is not rounded.

import Tensors

/// The statistics of a group of numbers, and how far rounding may move them.
public struct NormalizationRounding: Sendable {
  /// μ.
  let mean: Double
  /// v, biased.
  let variance: Double
  /// s.
  let deviation: Double
  /// E_μ.
  let meanError: Double
  /// E_v.
  let varianceError: Double
  /// δ, the relative error of 1/s; infinite if the variance has drowned in rounding, or may
  /// overflow.
  let deviationError: Double
  private let unit: Double
  private let underflow: Double
  /// u, or 0 where no mean is subtracted.
  private let difference: Double

  /// Measures a group of at least one number, which a reference has in `format`.
  init(
    _ values: some Collection<Double>, removesMean: Bool = true, epsilon: Double,
    _ format: NumberFormat, _ rounding: Rounding
  ) {
    let count = Double(values.count)
    unit = rounding.unit
    underflow = rounding.underflow
    difference = removesMean ? unit : 0
    mean = removesMean ? values.reduce(0, +) / count : 0
    meanError =
      removesMean
      ? rounding.gamma(values.count) * values.reduce(0) { $0 + $1.magnitude } / count + underflow
      : 0
    var sums = (squares: 0.0, magnitudes: 0.0, crossed: 0.0, errors: 0.0)
    for x in values {
      let d = x - mean
      let error = meanError + difference * (d.magnitude + meanError)
      sums.squares += d * d
      sums.magnitudes += d.magnitude
      sums.crossed += d.magnitude * error
      sums.errors += error * error
    }
    variance = sums.squares / count
    deviation = (variance + epsilon).squareRoot()
    varianceError =
      rounding.gamma(values.count + 2)
      * (variance + 2 * meanError * sums.magnitudes / count + meanError * meanError)
      + 2 * sums.crossed / count + sums.errors / count + unit * variance + 2 * underflow
    let epsilonError =
      epsilon < format.smallestNormal ? (format.rounded(epsilon) - epsilon).magnitude : 0
    let ratio = (varianceError + epsilonError) / (2 * (variance + epsilon))
    let isBounded = ratio < 0.25 && sums.squares <= format.largestFinite
    deviationError = isBounded ? ratio / (1 - 2 * ratio) + 4 * unit : .infinity
  }

  /// Whether anything can be said about the normalised numbers.
  var isBounded: Bool { deviationError < .infinity }

  /// x̂.
  func normalized(_ x: Double) -> Double { (x - mean) / deviation }

  /// E_x̂.
  func normalizedError(_ x: Double) -> Double {
    let d = (x - mean).magnitude
    let error = meanError + difference * (d + meanError)
    return (error + d * deviationError) / deviation * (1 + deviationError) + underflow
  }

  /// κ = |μ|/s, which is added where x̂ is computed as x/s − μ/s.
  var shift: Double { mean.magnitude / deviation }
}
