// Softmax and log-softmax of one row, and what rounding does to them.

import RealModule
import Tensors

/// The rows of softmax and log-softmax.
enum SoftmaxRow {
  /// pᵢ = e^(xᵢ − m) / Σ e^(xⱼ − m), m = max x: no exponential overflows, one is 1.
  static func probabilities<S: Scalar>(_ x: [S], _ p: inout [S]) {
    let largest = x.dropFirst().reduce(x[0]) { S.maximum($0, $1) }
    var sum = S.zero
    for i in x.indices {
      p[i] = .exp(x[i] - largest)
      sum += p[i]
    }
    for i in x.indices { p[i] = p[i] / sum }
  }

  /// ℓᵢ = (xᵢ − m) − log Σ e^(xⱼ − m), m = max x.
  static func logarithms<S: Scalar>(_ x: [S], _ l: inout [S]) {
    let largest = x.dropFirst().reduce(x[0]) { S.maximum($0, $1) }
    var sum = S.zero
    for i in x.indices {
      l[i] = x[i] - largest
      sum += .exp(l[i])
    }
    let logarithm = S.log(sum)
    for i in x.indices { l[i] = l[i] - logarithm }
  }
}

/// What the error bounds of one row are computed from.
struct SoftmaxRowError {
  /// The probabilities.
  let p: [Double]
  /// aᵢ = |xᵢ − max x|, the arguments of the exponentials.
  let a: [Double]
  /// Σ pⱼ·aⱼ, the weight with which errors of the arguments reach the sum.
  let weight: Double
  /// |log Σ e^(−aⱼ)|.
  let logarithm: Double
  /// The arithmetic of both sides.
  let rounding: Rounding

  init(_ x: [Double], _ rounding: Rounding) {
    var p = x
    SoftmaxRow.probabilities(x, &p)
    let largest = x.max() ?? 0
    let a = x.map { largest - $0 }
    self.p = p
    self.a = a
    weight = zip(p, a).reduce(0) { $0 + ($1.0 == 0 ? 0 : $1.0 * $1.1) }
    logarithm = Double.log(a.reduce(0) { $0 + Double.exp(-$1) }).magnitude
    self.rounding = rounding
  }

  /// The relative error of pᵢ: λ = u(a + Σp·a + C + 6).
  ///
  /// The difference x − max, the exponential, the sum of C of them and the quotient. Where λ is
  /// not small, the first order is no bound: the error is at most a factor e^(2λ).
  func relative(_ i: Int) -> Double {
    let first = rounding.unit * (a[i] + weight + Double(p.count) + 6)
    return first < 0.0099 ? 1.01 * first : Double.expMinusOne(2 * first)
  }

  /// The error of pᵢ without what underflow adds; a probability of 0 has no other.
  func absolute(_ i: Int) -> Double { p[i] == 0 ? 0 : p[i] * relative(i) }

  /// The error of ℓᵢ: 1.01·u(a + Σp·a + C + 4 + |ℓ| + 3|log Σ e^(−a)|).
  func logarithmic(_ i: Int, _ l: Double) -> Double {
    1.01 * rounding.unit
      * (a[i] + weight + Double(p.count) + 4 + l.magnitude + 3 * logarithm)
  }

  /// The relative error that e^ℓᵢ inherits from ℓᵢ: e^E − 1.
  func relativeOfExponential(_ i: Int, _ l: Double) -> Double {
    Double.expMinusOne(logarithmic(i, l))
  }
}
