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
  /// E_x̂ = errorBase + errorSlope·|d|.
  let errorBase: Double
  let errorSlope: Double

  /// Measures group `g` of `x`, at least one number, which a reference has in `format`.
  init(
    _ x: UnsafePointer<Double>, group g: Int, of layout: NormalizationGroups,
    removesMean: Bool = true, epsilon: Double, _ format: NumberFormat, _ rounding: Rounding
  ) {
    let (size, unit) = (layout.size, rounding.unit)
    let count = Double(size)
    var mean = 0.0
    var meanError = 0.0
    if removesMean {
      let sums = CentredSums(x, minus: 0, group: g, of: layout)
      mean = sums.total / count
      meanError = rounding.gamma(size) * sums.magnitude / count + rounding.underflow
    }
    let sums = CentredSums(x, minus: mean, group: g, of: layout)
    // E_d = constant + slope·|d|, so that its sums follow from those of |d| and d².
    let slope = removesMean ? unit : 0
    let constant = meanError + slope * meanError
    let crossed = constant * sums.magnitude + slope * sums.squares
    let errors =
      count * constant * constant + 2 * constant * slope * sums.magnitude
      + slope * slope * sums.squares
    let variance = sums.squares / count
    let deviation = (variance + epsilon).squareRoot()
    let varianceError =
      rounding.gamma(size + 2)
      * (variance + 2 * meanError * sums.magnitude / count + meanError * meanError)
      + 2 * crossed / count + errors / count + unit * variance + 2 * rounding.underflow
    let epsilonError =
      epsilon < format.smallestNormal ? (format.rounded(epsilon) - epsilon).magnitude : 0
    let ratio = (varianceError + epsilonError) / (2 * (variance + epsilon))
    let isBounded = ratio < 0.25 && sums.squares <= format.largestFinite
    let deviationError = isBounded ? ratio / (1 - 2 * ratio) + 4 * unit : .infinity
    errorBase = constant / deviation * (1 + deviationError) + rounding.underflow
    errorSlope = (slope + deviationError) / deviation * (1 + deviationError)
    (self.mean, self.meanError) = (mean, meanError)
    (self.variance, self.varianceError) = (variance, varianceError)
    (self.deviation, self.deviationError) = (deviation, deviationError)
  }

  /// Whether anything can be said about the normalised numbers.
  var isBounded: Bool { deviationError < .infinity }

  /// κ = |μ|/s, which is added where x̂ is computed as x/s − μ/s.
  var shift: Double { mean.magnitude / deviation }
}
