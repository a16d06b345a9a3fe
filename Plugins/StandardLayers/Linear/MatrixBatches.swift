import LayerKit
import Tensors

/// Two batches of matrices that broadcast, and where each pair of them lies.
struct MatrixBatches {
  /// M, the rows of a matrix on the left.
  private(set) var rows: Int
  /// K, the length of the sums.
  let depth: Int
  /// N, the columns of a matrix on the right.
  let columns: Int
  /// The shape of the product.
  let output: Shape

  private var batch: Shape
  private var batchA: Shape
  private let batchB: Shape

  /// Fits two operands; throws `LayerProblem` if they do not.
  init(_ a: Shape, _ b: Shape) throws(LayerProblem) {
    guard let depth = a.extents.last else {
      throw .wrongShape(tensor: "input.0", expected: "(..., M, K) or (K)", found: a)
    }
    guard b.rank > 0, b[max(0, b.rank - 2)] == depth else {
      throw .wrongShape(
        tensor: "input.1", expected: "(..., \(depth), N) or (\(depth))", found: b)
    }
    self.depth = depth
    rows = a.rank > 1 ? a[a.rank - 2] : 1
    columns = b.rank > 1 ? b[b.rank - 1] : 1
    batchA = Shape(Array(a.extents.dropLast(2)))
    batchB = Shape(Array(b.extents.dropLast(2)))
    guard let batch = Shape.broadcast([batchA, batchB]) else {
      throw .wrongShape(
        tensor: "input.1", expected: "batch axes that broadcast with \(batchA)", found: b)
    }
    self.batch = batch
    output = Shape(
      batch.extents + (a.rank > 1 ? [rows] : []) + (b.rank > 1 ? [columns] : []))
  }

  /// The number of products.
  var count: Int { batch.count }

  /// The number of elements of one product.
  var area: Int { rows * columns }

  /// The offsets of the left matrix of a product.
  func a(_ index: Int) -> Range<Int> { matrix(index, batchA, rows * depth) }

  /// The offsets of the right matrix of a product.
  func b(_ index: Int) -> Range<Int> { matrix(index, batchB, depth * columns) }

  private func matrix(_ index: Int, _ own: Shape, _ size: Int) -> Range<Int> {
    let strides = own.broadcastStrides(to: batch)
    let position = zip(batch.index(at: index), strides).reduce(0) { $0 + $1.0 * $1.1 }
    return position * size..<(position + 1) * size
  }

  /// Over how many products each matrix of an operand is stretched.
  func stretching(_ operand: Int) -> Int {
    count / max(1, operand == 0 ? batchA.count : batchB.count)
  }

  /// The same products with fewer batches: where all share the right matrix, the left ones are the
  /// rows of one.
  var folded: MatrixBatches {
    guard batchB.count == 1, batchA.count == batch.count else { return self }
    var folded = self
    folded.rows = rows * batch.count
    folded.batch = Shape(batchB.extents.map { _ in 1 })
    folded.batchA = folded.batch
    return folded
  }
}
