import Tensors

/// An image extended by cells that hold copies of its own, and the adjoint of that.
///
///     Xp[n,c,i,j] = X[n, c, row(i), column(j)]
///     dX[n,c,y,x] = Σ dXp[n,c,i,j] over all i, j with row(i) = y and column(j) = x
struct ImageExtension: Sendable {
  /// For each row of the extended image, the row it is a copy of.
  let rows: [Int]
  /// For each column of the extended image, the column it is a copy of.
  let columns: [Int]

  /// Describes the extension of an image of H×W cells.
  init(
    _ mode: PaddingMode, height: Int, width: Int, vertical: (begin: Int, end: Int),
    horizontal: (begin: Int, end: Int)
  ) {
    rows = (-vertical.begin..<height + vertical.end).map { mode.source(of: $0, extent: height) }
    columns = (-horizontal.begin..<width + horizontal.end).map {
      mode.source(of: $0, extent: width)
    }
  }

  /// The largest number of copies of one cell.
  var copies: Int { Self.copies(rows) * Self.copies(columns) }

  private static func copies(_ sources: [Int]) -> Int {
    var counts: [Int: Int] = [:]
    for source in sources { counts[source, default: 0] += 1 }
    return counts.values.max() ?? 0
  }

  /// Xp.
  func extended<S: Scalar>(_ x: Tensor<S>) -> Tensor<S> {
    let shape = Shape([x.shape[0], x.shape[1], rows.count, columns.count])
    var extended = Tensor(shape, repeating: S.zero)
    for n in 0..<shape[0] {
      for c in 0..<shape[1] {
        for (i, y) in rows.enumerated() {
          for (j, x0) in columns.enumerated() { extended[n, c, i, j] = x[n, c, y, x0] }
        }
      }
    }
    return extended
  }

  /// dX from dXp.
  func gradient<S: Scalar>(_ extended: Tensor<S>, shape: Shape) -> Tensor<S> {
    var dx = Tensor(shape, repeating: S.zero)
    for n in 0..<shape[0] {
      for c in 0..<shape[1] {
        for (i, y) in rows.enumerated() {
          for (j, x0) in columns.enumerated() { dx[n, c, y, x0] += extended[n, c, i, j] }
        }
      }
    }
    return dx
  }
}
