// Broadcasting: tensors of different shapes combined element by element, and the way back.

import Tensors

/// How some shapes stretch to a common one, cut into runs of neighbouring elements.
///
/// Along a run every operand either advances by one element a step or stands still.
struct Broadcasting {
  /// The number of elements of a run; the target consists of whole runs.
  let run: Int
  /// For each operand, its step along a run: 1, or 0 where it is stretched.
  let steps: [Int]

  /// The axes before the run: the extent, and for each operand the distance of neighbours.
  private let outer: [(extent: Int, strides: [Int])]

  /// Lays the operands out along `target`, to which all of them must stretch.
  init(_ shapes: [Shape], to target: Shape) {
    let strides = shapes.map { $0.broadcastStrides(to: target) }
    var run = 1
    var steps = [Int](repeating: 0, count: shapes.count)
    var axes = Array(target.extents.indices)
    // The trailing axes along which the same operands are stretched form the run.
    while let axis = axes.last {
      if target[axis] != 1 {
        let moving = strides.map { $0[axis] == 0 ? 0 : 1 }
        guard run == 1 || moving == steps else { break }
        steps = moving
        run *= target[axis]
      }
      axes.removeLast()
    }
    self.run = run
    self.steps = steps
    outer = axes.map { axis in (target[axis], strides.map { $0[axis] }) }
  }

  /// The offset at which an operand starts in a run.
  func start(of operand: Int, run index: Int) -> Int {
    var rest = index
    var offset = 0
    for axis in outer.reversed() {
      offset += rest % axis.extent * axis.strides[operand]
      rest /= axis.extent
    }
    return offset
  }

  /// The offset of an operand for the element of the target at an offset.
  func offset(of operand: Int, at offset: Int) -> Int {
    start(of: operand, run: offset / run) + offset % run * steps[operand]
  }
}

extension Broadcasting {
  /// The tensor of combined elements of two tensors that stretch to a common shape.
  static func combine<S: Sendable>(
    _ a: Tensor<S>, _ b: Tensor<S>, _ combine: @Sendable (S, S) -> S
  ) -> Tensor<S> {
    guard a.shape != b.shape else { return a.zipInParallel(b, combine) }
    guard let target = Shape.broadcast([a.shape, b.shape]) else {
      preconditionFailure("\(a.shape) and \(b.shape) do not fit")
    }
    let plan = Broadcasting([a.shape, b.shape], to: target)
    let (stepA, stepB) = (plan.steps[0], plan.steps[1])
    let elements = [S](parallelCount: target.count) { block, result in
      var next = block.lowerBound
      while next < block.upperBound {
        let (run, position) = next.quotientAndRemainder(dividingBy: plan.run)
        let end = min(block.upperBound, (run + 1) * plan.run)
        var i = plan.start(of: 0, run: run) + position * stepA
        var j = plan.start(of: 1, run: run) + position * stepB
        while next < end {
          result[next] = combine(a[i], b[j])
          next += 1
          i += stepA
          j += stepB
        }
      }
    }
    return Tensor(target, elements)
  }

  /// The gradient of an operand of `shape` that was stretched: the sum of `upstream` (times
  /// `factor`, which stretches too) over the axes that it was stretched along.
  ///
  /// The terms of one sum are added in row-major order, whatever the number of threads.
  static func gradient<S: Scalar>(
    of shape: Shape, from upstream: Tensor<S>, times factor: Tensor<S>? = nil
  ) -> Tensor<S> {
    let target = upstream.shape
    guard shape.count != target.count || shape.count == 0 else {
      return (factor.map { combine(upstream, $0) { $0 * $1 } } ?? upstream).reshaped(to: shape)
    }
    guard target.count > 0 else { return Tensor(shape, repeating: .zero) }
    let plan = Broadcasting([shape, factor?.shape ?? .scalar], to: target)
    // Leading axes that are not stretched: each of their elements owns a part of the sums.
    let lead = shape.rank == target.rank ? leadingAxes(shape, target) : 0
    let parts = target.extents[..<lead].reduce(1, *)
    let runs = target.count / plan.run / parts
    let own = shape.count / parts
    let perBlock = max(1, Parallel.blockSize / max(1, runs * plan.run))
    let sums = [S](parallelCount: shape.count, tasks: parts, blockSize: perBlock) { block, sums in
      for part in block {
        sums[part * own..<(part + 1) * own].update(repeating: .zero)
        for run in part * runs..<(part + 1) * runs {
          plan.add(run, of: upstream, times: factor, to: sums)
        }
      }
    }
    return Tensor(shape, sums)
  }

  /// How many leading axes are not stretched; the first that is stretched ends them.
  private static func leadingAxes(_ shape: Shape, _ target: Shape) -> Int {
    var lead = 0
    while lead < shape.rank, shape[lead] == target[lead] { lead += 1 }
    return lead
  }

  /// Adds one run of `upstream` to the sums of operand 0; operand 1 is the factor.
  private func add<S: Scalar>(
    _ index: Int, of upstream: Tensor<S>, times factor: Tensor<S>?,
    to sums: UnsafeMutableBufferPointer<S>
  ) {
    var target = start(of: 0, run: index)
    var j = start(of: 1, run: index)
    let first = index * run
    guard let factor else {
      for i in first..<first + run {
        sums[target] += upstream[i]
        target += steps[0]
      }
      return
    }
    for i in first..<first + run {
      sums[target] += upstream[i] * factor[j]
      target += steps[0]
      j += steps[1]
    }
  }
}
