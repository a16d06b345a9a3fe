// Operations that treat a tensor as rows along one of its axes.

import Tensors

/// The rows of a tensor along one axis.
struct AxisRows {
  private let outer: Int
  private let extent: Int
  private let inner: Int

  /// The rows of a shape along an axis; a scalar is one row of one element.
  init(_ shape: Shape, axis: Int) {
    (outer, extent, inner) = shape.rank == 0 ? (1, 1, 1) : shape.split(at: axis)
  }

  /// The tensor of transformed rows, in parallel.
  ///
  /// `transform` reads a row of `x` and the same row of `second`, if there is one, and overwrites
  /// every element of the row of the result.
  func map<S: Sendable, T: Sendable>(
    _ x: Tensor<S>, _ second: Tensor<S>? = nil, placeholder: T,
    _ transform: @Sendable (_ x: [S], _ second: [S], _ result: inout [T]) -> Void
  ) -> Tensor<T> {
    guard x.count > 0 else { return Tensor(x.shape, []) }
    let perBlock = max(1, Parallel.blockSize / extent)
    let elements = [T](parallelCount: x.count, tasks: outer * inner, blockSize: perBlock) {
      rows, elements in
      var row = [S](repeating: x[0], count: extent)
      var secondRow = second == nil ? [] : row
      var result = [T](repeating: placeholder, count: extent)
      for index in rows {
        let start = index / inner * extent * inner + index % inner
        for i in 0..<extent { row[i] = x[start + i * inner] }
        if let second {
          for i in 0..<extent { secondRow[i] = second[start + i * inner] }
        }
        transform(row, secondRow, &result)
        for i in 0..<extent { elements[start + i * inner] = result[i] }
      }
    }
    return Tensor(x.shape, elements)
  }
}
