import Tensors

/// A matrix with few entries in each row, applied to a tensor along one of its axes.
///
///     y[…, j, …] = Σ_c A[j, c]·x[…, c, …]          dx[…, c, …] = Σ_j A[j, c]·dy[…, j, …]
struct SparseRows: Sendable {
  /// One entry of a row.
  struct Entry: Hashable, Sendable {
    let cell: Int
    let weight: Double
  }

  /// The number of columns.
  let columns: Int
  /// The entries of all rows, one row after the other.
  private let entries: [Entry]
  /// Where each row starts in the entries, and the end of the last one.
  private let starts: [Int]

  init(columns: Int, rows: [[Entry]]) {
    self.columns = columns
    entries = rows.flatMap { $0 }
    starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
  }

  /// The number of rows.
  var rows: Int { starts.count - 1 }

  /// The entries of a row.
  subscript(_ row: Int) -> ArraySlice<Entry> { entries[starts[row]..<starts[row + 1]] }

  /// The most entries of a row.
  var longestRow: Int { (0..<rows).map { self[$0].count }.max() ?? 0 }

  /// The most entries of a column, those of others included in rows that have none there.
  func longestColumn(with others: SparseRows) -> Int {
    var counts = [Int](repeating: 0, count: columns)
    for row in 0..<rows {
      for entry in self[row] { counts[entry.cell] += 1 }
      for cell in Set(others[row].map(\.cell)).subtracting(self[row].map(\.cell)) {
        counts[cell] += 1
      }
    }
    return counts.max() ?? 0
  }

  /// The matrix of absolute values, with the entries of others added.
  func magnitudes(with others: [SparseRows]) -> SparseRows {
    SparseRows(
      columns: columns,
      rows: (0..<rows).map { row in
        self[row].map { Entry(cell: $0.cell, weight: $0.weight.magnitude) }
          + others.flatMap { $0[row] }
      })
  }

  /// y = A·x along an axis.
  func applied<S: Scalar>(to x: Tensor<S>, along axis: Int) -> Tensor<S> {
    let (outer, extent, inner) = x.shape.split(at: axis)
    precondition(extent == columns, "a matrix of \(columns) columns on \(x.shape)")
    let weights = entries.map { S($0.weight) }
    let count = outer * rows * inner
    let perBlock = max(1, Parallel.blockSize / max(1, rows * inner))
    let elements = [S](parallelCount: count, tasks: outer, blockSize: perBlock) { block, y in
      for o in block {
        for row in 0..<rows {
          for i in 0..<inner {
            let first = o * extent * inner + i
            let range = starts[row]..<starts[row + 1]
            guard let start = range.first else {
              y[(o * rows + row) * inner + i] = .zero
              continue
            }
            // The first product alone: a single entry of 1 selects without rounding.
            var sum = weights[start] * x[first + entries[start].cell * inner]
            for k in range.dropFirst() { sum += weights[k] * x[first + entries[k].cell * inner] }
            y[(o * rows + row) * inner + i] = sum
          }
        }
      }
    }
    return Tensor(x.shape.replacing(axis, with: rows), elements)
  }

  /// dx = Aᵀ·dy along an axis; the terms of a sum are added in the order of the rows.
  func transposed<S: Scalar>(appliedTo dy: Tensor<S>, along axis: Int) -> Tensor<S> {
    let (outer, extent, inner) = dy.shape.split(at: axis)
    precondition(extent == rows, "a matrix of \(rows) rows on \(dy.shape)")
    let weights = entries.map { S($0.weight) }
    let own = columns * inner
    let perBlock = max(1, Parallel.blockSize / max(1, rows * inner))
    let elements = [S](parallelCount: outer * own, tasks: outer, blockSize: perBlock) {
      block, dx in
      for o in block {
        dx[o * own..<(o + 1) * own].update(repeating: .zero)
        for row in 0..<rows {
          for k in starts[row]..<starts[row + 1] {
            let (target, source) = (o * own + entries[k].cell * inner, (o * rows + row) * inner)
            for i in 0..<inner { dx[target + i] += weights[k] * dy[source + i] }
          }
        }
      }
    }
    return Tensor(dy.shape.replacing(axis, with: columns), elements)
  }
}

extension Shape {
  /// The same shape with another extent on one axis.
  func replacing(_ axis: Int, with extent: Int) -> Shape {
    var extents = extents
    extents[axis] = extent
    return Shape(extents)
  }
}
