/// Reordering of axes.
extension Tensor {
  /// The tensor whose axis `k` is this tensor's axis `order[k]`.
  public func permuted(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<shape.rank), "\(order) is no order of \(shape)")
    guard order != Array(0..<shape.rank) else { return self }
    let target = Shape(order.map { shape[$0] })
    guard let inner = order.last, target.count > 0 else { return Tensor(target, elements) }
    let strides = shape.strides
    let outer = order.dropLast()
    let row = shape[inner]
    let step = strides[inner]
    var position = [Int](repeating: 0, count: outer.count)
    var start = 0
    let permuted = [Element](uninitializedCount: target.count) { buffer in
      for first in stride(from: 0, to: target.count, by: row) {
        for i in 0..<row {
          (buffer.baseAddress.map { $0 + first + i })?.initialize(to: elements[start + i * step])
        }
        // Advance the odometer of the outer axes, fastest last.
        for axis in outer.indices.reversed() {
          position[axis] += 1
          start += strides[outer[axis]]
          guard position[axis] == shape[outer[axis]] else { break }
          start -= position[axis] * strides[outer[axis]]
          position[axis] = 0
        }
      }
    }
    return Tensor(target, permuted)
  }
}
