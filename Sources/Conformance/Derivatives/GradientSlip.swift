import LayerKit
import Tensors

/// The usual slips of a backward pass, each of which explains all of a wrong gradient.
enum GradientSlip: Hashable {
  case zero
  case sign
  case factor(Double)
  /// What is right where the upstream gradient is one everywhere.
  case upstreamIgnored
  /// Of the sum over samples only one is there.
  case oneSample(Int, of: Int)
  /// Of each sum only the last term is there.
  case lastTerm
  /// Only what the output at the same place passes back is there.
  case ownPlace
  /// The axes are exchanged, in memory at least.
  case transposed([Int])
  /// Some axes run backwards, as where a kernel is not turned round.
  case reversed([Int])
  /// None of these: a term is missing or wrong.
  case unexplained(wrong: Int, of: Int)
}

/// A wrong gradient, beside the derivative that it should be.
struct WrongGradient {
  /// The gradient that backward gave.
  let found: Tensor<Double>
  /// The derivative of each output with respect to each element, a column for each element.
  let columns: [[Double]]
  /// The upstream gradients, one after the other.
  let upstream: [Double]
  /// The shape of the first output.
  let output: Shape
  /// How exact the columns are.
  let precision: Double

  /// The slip that explains the whole gradient; nil for a single element that none explains.
  var slip: GradientSlip? {
    let right = columns.map { column in sum(column) { _ in true } }
    if let slip = candidates(right).first(where: { explains($0.gradient) })?.slip { return slip }
    return found.count == 1 ? nil : .unexplained(wrong: wrong(right), of: found.count)
  }

  /// What each slip would give, the most telling ones first.
  private func candidates(
    _ right: [Double]
  ) -> [(slip: GradientSlip, gradient: [Double])] {
    var list: [(slip: GradientSlip, gradient: [Double])] = [
      (.zero, right.map { _ in 0 }), (.sign, right.map { -$0 }),
      (.upstreamIgnored, columns.map { $0.reduce(0, +) }),
    ]
    let samples = output.rank > 0 ? output[0] : 1
    let each = output.count / max(1, samples)
    if samples > 1, output.count == upstream.count {
      for sample in [samples - 1, 0] {
        list.append(
          (.oneSample(sample, of: samples), columns.map { sum($0) { $0 / each == sample } }))
      }
    }
    list.append(
      (
        .lastTerm,
        columns.map { column in
          let last = column.indices.last { column[$0].magnitude > precision } ?? 0
          return column.isEmpty ? 0 : column[last] * upstream[last]
        }
      ))
    if output == found.shape, output.count == upstream.count {
      list.append((.ownPlace, columns.indices.map { columns[$0][$0] * upstream[$0] }))
    }
    let (dot, square) = (
      zip(right, found.elements).reduce(0) { $0 + $1.0 * $1.1 }, right.reduce(0) { $0 + $1 * $1 }
    )
    // Some factor explains any single element.
    if square > 0, right.count(where: { $0 != 0 }) > 1 {
      list.append((.factor(dot / square), right.map { $0 * dot / square }))
    }
    return list + rearranged(Tensor(found.shape, right))
  }

  /// The right gradient with its axes exchanged, and with some of them run backwards.
  private func rearranged(
    _ right: Tensor<Double>
  ) -> [(slip: GradientSlip, gradient: [Double])] {
    let rank = right.shape.rank
    guard (1...5).contains(rank) else { return [] }
    var list: [(slip: GradientSlip, gradient: [Double])] = []
    for first in 0..<rank {
      for second in first + 1..<max(first + 1, rank) {
        list.append((.transposed([first, second]), right.exchanging(first, second)))
      }
    }
    // The innermost axes first: a kernel is turned round along all of them.
    for axes in (1..<(1 << rank)).map({ set in (0..<rank).filter { set >> $0 & 1 == 1 } }) {
      list.append((.reversed(axes), right.reversing(axes)))
    }
    return list
  }

  private func sum(_ column: [Double], _ counts: (Int) -> Bool) -> Double {
    column.indices.reduce(0) { counts($1) ? $0 + column[$1] * upstream[$1] : $0 }
  }

  private var tolerance: Double {
    precision * found.elements.reduce(1e-300) { max($0, $1.magnitude) }
  }

  /// Whether a gradient is the one that was found; never with a NaN.
  private func explains(_ gradient: [Double]) -> Bool {
    let limit = max(tolerance, precision * gradient.reduce(0) { max($0, $1.magnitude) })
    return zip(gradient, found.elements).allSatisfy { ($0 - $1).magnitude <= limit }
  }

  private func wrong(_ right: [Double]) -> Int {
    zip(right, found.elements).count { !(($0 - $1).magnitude <= tolerance) }
  }
}

extension Tensor<Double> {
  /// The elements as they lie in memory when two axes are exchanged.
  fileprivate func exchanging(_ first: Int, _ second: Int) -> [Double] {
    var extents = shape.extents
    extents.swapAt(first, second)
    var (steps, other) = (shape.strides, Shape(extents))
    steps.swapAt(first, second)
    if extents.contains(0) { other = shape }
    return (0..<count).map { offset in
      self[Swift.zip(other.index(at: offset), steps).reduce(0) { $0 + $1.0 * $1.1 }]
    }
  }

  /// The elements where some axes run backwards.
  fileprivate func reversing(_ axes: [Int]) -> [Double] {
    (0..<count).map { offset in
      var index = shape.index(at: offset)
      for axis in axes { index[axis] = shape[axis] - 1 - index[axis] }
      return self[Swift.zip(index, shape.strides).reduce(0) { $0 + $1.0 * $1.1 }]
    }
  }
}
