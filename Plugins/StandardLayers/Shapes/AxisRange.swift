// Pieces of a tensor along one axis: what Concat joins, Split cuts and Slice picks.

import Tensors

/// Every `step`-th of `count` positions along an axis, from `start` on.
struct AxisRange: Hashable, Sendable {
  let start: Int
  let count: Int
  var step = 1
}

extension Tensor {
  /// The elements at some positions along an axis.
  func selected(_ range: AxisRange, along axis: Int) -> Tensor {
    let (outer, extent, inner) = shape.split(at: axis)
    var extents = shape.extents
    extents[axis] = range.count
    var selection: [Element] = []
    selection.reserveCapacity(outer * range.count * inner)
    // Neighbouring positions are copied in one run.
    let (runs, width) = range.step == 1 ? (1, range.count * inner) : (range.count, inner)
    for o in 0..<outer {
      for run in 0..<runs {
        let first = (o * extent + range.start + run * range.step) * inner
        selection += elements[first..<first + width]
      }
    }
    return Tensor(Shape(extents), selection)
  }

  /// Puts the elements of a piece at some positions along an axis: the inverse of `selected`.
  mutating func replace(_ range: AxisRange, along axis: Int, with piece: Tensor) {
    let (outer, extent, inner) = shape.split(at: axis)
    let (runs, width) = range.step == 1 ? (1, range.count * inner) : (range.count, inner)
    for o in 0..<outer {
      for run in 0..<runs {
        let target = (o * extent + range.start + run * range.step) * inner
        let source = (o * runs + run) * width
        for i in 0..<width { self[target + i] = piece[source + i] }
      }
    }
  }
}
