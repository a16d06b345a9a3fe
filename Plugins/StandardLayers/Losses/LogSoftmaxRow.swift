import RealModule
import Tensors

/// The logarithm of the softmax of the scores at one position.
///
///     ℓ[c] = x[c] − max x − log Σ exp(x − max x)
struct LogSoftmaxRow<S: Scalar> {
  /// ℓ.
  let values: [S]

  init(_ x: Tensor<S>, _ scores: ClassScores, at position: Int) {
    let row = (0..<scores.classes).map { x[scores.offset(position, $0)] }
    let largest = row.dropFirst().reduce(row[0]) { S.maximum($0, $1) }
    var sum = S.zero
    for score in row { sum += S.exp(score - largest) }
    let logarithm = S.log(sum)
    values = row.map { $0 - largest - logarithm }
  }
}

/// How far rounding may move a row of log-softmax and its exponential.
///
///     λ   = u(a + Σp·a + C + 6), a = |x − max x|, the relative error of p
///     E_ℓ = 1.01·u(a + Σp·a + C + 4 + |ℓ| + 3|log Σ exp(−a)|)
struct LogSoftmaxRounding {
  /// ℓ.
  let values: [Double]
  /// p = exp ℓ.
  let probabilities: [Double]
  /// λ, for each class.
  let relativeErrors: [Double]
  /// E_ℓ, for each class.
  let errors: [Double]

  init(_ x: Tensor<Double>, _ scores: ClassScores, at position: Int, _ rounding: Rounding) {
    let values = LogSoftmaxRow(x, scores, at: position).values
    let probabilities = values.map { Double.exp($0) }
    let row = (0..<scores.classes).map { x[scores.offset(position, $0)] }
    let largest = row.max() ?? 0
    let distances = row.map { (largest - $0).magnitude }
    let mean = zip(probabilities, distances).reduce(0) { $0 + $1.0 * $1.1 }
    let logarithm = Double.log(distances.reduce(0) { $0 + Double.exp(-$1) }).magnitude
    let unit = rounding.unit
    let count = Double(scores.classes)
    self.values = values
    self.probabilities = probabilities
    relativeErrors = distances.map { unit * ($0 + mean + count + 6) }
    errors = zip(distances, values).map {
      1.01 * unit * ($0 + mean + count + 4 + $1.magnitude + 3 * logarithm)
    }
  }
}
