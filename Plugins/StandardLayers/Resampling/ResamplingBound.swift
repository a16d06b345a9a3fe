import LayerKit
import Tensors

/// How far rounding may move the results of a resampling layer.
///
/// A reference computes with matrices A′ = A + ΔA, because it rounds positions and weights, and
/// rounds products and sums. Axis by axis, with v the tensor before an axis and e the error that
/// it has already:
///
///     forward:  e ← |A′|·e + Σ factor·|v[from] − v[to]| over the doubts + W·|v|
///     backward: e ← |A′|ᵀ·e + (factors of the doubts, at both cells, + W)ᵀ·|v|
///
/// W are the errors of the weights themselves. Then n roundings in a row, γ(n)·B: one of each
/// weight and one of each product for every axis, and the additions. B is the operation with |A′|
/// on absolute values, and |A′| ≤ |A| + the doubts + W. Where cells are selected there are only
/// the additions of dx.
struct ResamplingBound {
  private let question: BoundQuestion
  private let axes: [Axis]
  private let selects: Bool

  /// The matrices of one axis.
  private struct Axis {
    let exact: SparseRows
    let doubts: [[ResampledAxis.Doubt]]
    let hasDoubts: Bool
    /// The doubts, at both cells, and W.
    let changes: SparseRows
    let weightErrors: SparseRows
    /// |A′|.
    let magnitudes: SparseRows
  }

  init(_ question: BoundQuestion, _ resampling: Resampling) {
    self.question = question
    let format = question.operands.format
    // Whatever its format, a reference computes positions in single precision at least.
    let unit = min(
      question.rounding.unit, Rounding(.float32).combined(with: Rounding(.float64)).unit)
    let shape = question.operands.inputs[0].shape
    selects = resampling.mode.selects
    axes = established { try resampling.axes(shape) }.map { axis in
      let exact = axis.rows(format)
      let doubts = axis.doubts(
        format, unit: unit, distance: question.rounding.unit > unit ? question.rounding.unit : 0)
      let errors = axis.weightErrors(unit: unit)
      let doubted = SparseRows(
        columns: axis.extent,
        rows: doubts.map { row in
          row.flatMap { doubt in
            [doubt.from, doubt.to].map { .init(cell: $0, weight: doubt.factor) }
          }
        })
      return Axis(
        exact: exact, doubts: doubts, hasDoubts: doubts.contains { !$0.isEmpty },
        changes: doubted.magnitudes(with: [errors]), weightErrors: errors,
        magnitudes: exact.magnitudes(with: [doubted, errors]))
    }
  }

  var bound: ErrorBound {
    guard case .inputGradient = question.tensor else { return outputBound }
    return gradientBound
  }

  // MARK: Forward

  private var outputBound: ErrorBound {
    guard !selects || axes.contains(where: \.hasDoubts) else { return .exact }
    var x = question.operands.inputs[0]
    var size = x.mapInParallel { $0.magnitude }
    var error = x.map { _ in 0.0 }
    for (index, axis) in axes.enumerated() {
      error = Self.sum(
        axis.magnitudes.applied(to: error, along: 2 + index),
        Self.doubts(axis.doubts, x, along: 2 + index),
        axis.weightErrors.applied(to: x.mapInParallel { $0.magnitude }, along: 2 + index))
      x = axis.exact.applied(to: x, along: 2 + index)
      size = axis.magnitudes.applied(to: size, along: 2 + index)
    }
    return total(error, size, terms: axes.map(\.exact.longestRow))
  }

  /// Σ factor·|v[from] − v[to]| over the doubts of each row.
  private static func doubts(
    _ doubts: [[ResampledAxis.Doubt]], _ v: Tensor<Double>, along axis: Int
  ) -> Tensor<Double> {
    let (outer, extent, inner) = v.shape.split(at: axis)
    let rows = doubts.count
    var sums = Tensor(v.shape.replacing(axis, with: doubts.count), repeating: 0.0)
    for o in 0..<outer {
      for (row, doubts) in doubts.enumerated() {
        let target = (o * rows + row) * inner
        for doubt in doubts {
          let (from, to) = ((o * extent + doubt.from) * inner, (o * extent + doubt.to) * inner)
          for i in 0..<inner {
            sums[target + i] += doubt.factor * (v[from + i] - v[to + i]).magnitude
          }
        }
      }
    }
    return sums
  }

  // MARK: Backward

  private var gradientBound: ErrorBound {
    var dy = question.upstream[0]
    var size = dy.mapInParallel { $0.magnitude }
    var error = dy.map { _ in 0.0 }
    for (index, axis) in axes.enumerated() {
      error = Self.sum(
        axis.magnitudes.transposed(appliedTo: error, along: 2 + index),
        axis.changes.transposed(
          appliedTo: dy.mapInParallel { $0.magnitude }, along: 2 + index))
      dy = axis.exact.transposed(appliedTo: dy, along: 2 + index)
      size = axis.magnitudes.transposed(appliedTo: size, along: 2 + index)
    }
    return total(error, size, terms: axes.map { $0.exact.longestColumn(with: $0.changes) })
  }

  // MARK: Both

  private static func sum(_ tensors: Tensor<Double>...) -> Tensor<Double> {
    tensors.dropFirst().reduce(tensors[0]) { $0.zipInParallel($1) { $0 + $1 } }
  }

  /// The error of the matrices, γ(n)·B, and η for each rounding that may underflow.
  ///
  /// Beside a cell that is NaN or infinite, nothing is known of a cell that rounding may mix with.
  private func total(
    _ error: Tensor<Double>, _ size: Tensor<Double>, terms: [Int]
  ) -> ErrorBound {
    let roundings = terms.reduce(1, *) - 1 + (selects ? 0 : 2 * axes.count)
    let gamma = question.rounding.gamma(roundings)
    let lost = selects ? 0 : Double(roundings) * question.rounding.underflow
    return .elementwise(
      error.zipInParallel(size) { error, size in
        let limit = size == 0 ? 0 : 1.01 * error + (gamma == 0 ? 0 : gamma * size) + lost
        return limit.isNaN ? .infinity : limit
      })
  }
}
