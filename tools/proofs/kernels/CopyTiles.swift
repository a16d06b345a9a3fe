import CKernels
import Kernels

/// Kernels that move numbers.
extension TileProof {
  /// Rows of a source with zeros on all sides, without gaps.
  func copyRows(_ rows: Int, _ columns: Int, _ stride: Int) throws(Problem) {
    let (above, below, before, after) = (rows % 3, rows % 4, columns % 5, rows % 2)
    let pitch = columns * stride + columns % 3
    let source = operand(
      rows == 0 || columns == 0 ? 0 : (rows - 1) * pitch + (columns - 1) * stride + 1)
    let width = before + columns + after
    let total = above + rows + below
    let target = result(total * width)
    try compare(
      "ck_copy_rows, \(rows) rows of \(columns), stride \(stride)", target, rows: total,
      columns: width, pitch: width, [source]
    ) {
      kernels.copyRows(
        above, rows, below, before, columns, after, source.start, pitch, stride, target.start)
    } expected: { row, column in
      let (y, x) = (row - above, column - before)
      let isInside = y >= 0 && y < rows && x >= 0 && x < columns
      return isInside ? source.start[y * pitch + x * stride] : 0
    }
  }

  /// target[r·width + x] = source[r·lds + x].
  func streamRows(_ rows: Int, _ columns: Int) throws(Problem) {
    guard rows > 0, columns > 0 else { return }
    let pitch = columns + rows % 3
    let source = operand((rows - 1) * pitch + columns)
    let target = result(rows * columns)
    try compare(
      "ck_stream_rows, \(rows) rows of \(columns)", target, rows: rows, columns: columns,
      pitch: columns, [source]
    ) {
      kernels.streamRows(rows, columns, source.start, pitch, target.start)
      ck_stream_end()
    } expected: { r, x in
      source.start[r * pitch + x]
    }
  }

  /// target[x·ldt + r] = source[r·lds + x].
  func transpose(_ rows: Int, _ columns: Int) throws(Problem) {
    guard rows > 0, columns > 0 else { return }
    let (sourcePitch, pitch) = (columns + rows % 3, rows + columns % 4)
    let source = operand((rows - 1) * sourcePitch + columns)
    let target = result((columns - 1) * pitch + rows)
    try compare(
      "ck_transpose, \(rows) rows, \(columns) columns", target, rows: columns, columns: rows,
      pitch: pitch, [source]
    ) {
      kernels.transpose(isa, rows, columns, source.start, sourcePitch, target.start, pitch)
    } expected: { x, r in
      source.start[r * sourcePitch + x]
    }
  }
}
