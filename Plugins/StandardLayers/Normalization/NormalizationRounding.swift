// How far rounding moves the normalised numbers x̂ = (x − μ)/s of a group of m numbers, where
// μ = mean x, d = x − μ, v = mean d², s = √(v + ε). Standard model of rounding (N. J. Higham,
// *Accuracy and Stability of Numerical Algorithms*, 2nd ed., §2.2), for the two-pass algorithm
// (§1.9): the mean is removed before the squares are added.
//
//     E_μ = γ(m)·mean|x|
//     E_d = E_μ + u|d| + u·E_μ
//     E_v = γ(m+2)(v + 2E_μ·mean|d| + E_μ²) + 2·mean(|d|·E_d) + mean(E_d²) + u·v
//     ρ = E_v / 2(v+ε),   δ = ρ/(1−2ρ) + 4u
//     E_x̂ = (E_d/s + |x̂|δ)(1+δ)

import Tensors

/// The statistics of a group of numbers, and how far rounding may move them.
struct NormalizationRounding {
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
  /// δ, the relative error of 1/s; infinite if the variance has drowned in rounding.
  let deviationError: Double
  private let unit: Double

  /// Measures a group of at least one number.
  init(_ values: [Double], epsilon: Double, _ rounding: Rounding) {
    let count = Double(values.count)
    let unit = rounding.unit
    let mean = values.reduce(0, +) / count
    let meanError = rounding.gamma(values.count) * values.reduce(0) { $0 + $1.magnitude } / count
    var sums = (squares: 0.0, magnitudes: 0.0, crossed: 0.0, errors: 0.0)
    for x in values {
      let d = x - mean
      let error = meanError + unit * d.magnitude + unit * meanError
      sums.squares += d * d
      sums.magnitudes += d.magnitude
      sums.crossed += d.magnitude * error
      sums.errors += error * error
    }
    let variance = sums.squares / count
    let varianceError =
      rounding.gamma(values.count + 2)
      * (variance + 2 * meanError * sums.magnitudes / count + meanError * meanError)
      + 2 * sums.crossed / count + sums.errors / count + unit * variance
    let ratio = varianceError / (2 * (variance + epsilon))
    self.mean = mean
    self.variance = variance
    self.deviation = (variance + epsilon).squareRoot()
    self.meanError = meanError
    self.varianceError = varianceError
    self.deviationError = ratio < 0.25 ? ratio / (1 - 2 * ratio) + 4 * unit : .infinity
    self.unit = unit
  }

  /// Whether anything can be said about the normalised numbers.
  var isBounded: Bool { deviationError < .infinity }

  /// x̂.
  func normalized(_ x: Double) -> Double { (x - mean) / deviation }

  /// E_x̂.
  func normalizedError(_ x: Double) -> Double {
    let d = (x - mean).magnitude
    let error = meanError + unit * d + unit * meanError
    return (error + d * deviationError) / deviation * (1 + deviationError)
  }
}
