import CKernels
import Kernels

/// Tiles of small convolutions: several outputs and rows of a few planes.
extension TileProof {
  /// Proves all sizes of a tile, with rows of less than a vector, of one, and of more.
  func small() throws(Problem) {
    for outputs in 1...6 {
      for columns in [1, lanes - 1, lanes, lanes + 1, 2 * wide + 1] where columns > 0 {
        for rows in 1...13 { try small(outputs, rows, columns) }
        for terms in 1...8 { try smallSums(outputs, terms, columns) }
      }
    }
    for rows in 1...3 {
      for columns in 1...2 * wide + 1 { try smallCopy(rows, columns) }
    }
  }

  /// Planes with zeros on all sides.
  private func smallCopy(_ rows: Int, _ columns: Int) throws(Problem) {
    let (planes, above, below) = (1 + columns % 3, rows % 2, columns % 2)
    let (before, after) = (columns % 4, rows)
    let (height, width) = (above + rows + below, before + columns + after)
    let source = operand(planes * rows * columns)
    let target = result(planes * height * width)
    try compare(
      "ck_small_copy, \(planes) planes of \(rows) rows of \(columns)", target,
      rows: planes * height, columns: width, pitch: width, [source]
    ) {
      kernels.smallCopy(
        isa, planes, rows, columns, above, below, before, after, source.start, target.start)
    } expected: { row, column in
      let (y, x) = (row % height - above, column - before)
      let isInside = y >= 0 && y < rows && x >= 0 && x < columns
      return isInside ? source.start[(row / height * rows + y) * columns + x] : 0
    }
  }

  /// Two samples, with gaps between them.
  private func positions(_ outputs: Int, _ terms: Int, _ rows: Int, _ columns: Int) -> ck_small {
    let pitch = columns + terms % 3
    return ck_small(
      samples: 2, outputs: outputs, terms: terms, rows: rows, columns: columns, pitch: pitch,
      source_step: rows * pitch + 7, result_step: outputs * rows * columns + rows % 3)
  }

  /// The number of elements that such positions read from the last offset on.
  private func reach(_ d: ck_small) -> Int {
    (d.samples - 1) * d.source_step + (d.rows - 1) * d.pitch + d.columns
  }

  /// c[n·result_step + (m·rows + y)·columns + x] = bias[m] + Σ_t w[m·terms + t] · s[…].
  private func small(_ outputs: Int, _ rows: Int, _ columns: Int) throws(Problem) {
    let terms = [0, 1, 5][(rows + columns) % 3]
    let d = positions(outputs, terms, rows, columns)
    let offsets = terms == 0 ? [] : offsets(terms, upTo: 20)
    let s = operand(20 + reach(d), readable: wide)
    let w = operand(outputs * terms)
    let bias = rows % 2 == 0 ? operand(outputs) : nil
    let c = result(d.result_step + outputs * rows * columns)
    try compare(
      "ck_small, \(outputs) outputs, \(terms) terms, \(rows) rows of \(columns)", c,
      rows: d.samples, columns: outputs * rows * columns, pitch: d.result_step, [s, w]
    ) {
      withUnsafePointer(to: d) {
        kernels.small(isa, $0, s.start, offsets, w.start, bias?.start, c.start)
      }
    } expected: { n, place in
      let (row, x) = place.quotientAndRemainder(dividingBy: columns)
      let (m, y) = row.quotientAndRemainder(dividingBy: rows)
      var sum = S.zero
      for t in 0..<terms {
        sum.addProduct(
          w.start[m * terms + t], s.start[n * d.source_step + offsets[t] + y * d.pitch + x])
      }
      return bias.map { sum + $0.start[m] } ?? sum
    }
  }

  /// lanes[(m·terms + t)·L + x mod L] = Σ_n Σ_y Σ_x g[…] · s[…].
  private func smallSums(_ outputs: Int, _ terms: Int, _ columns: Int) throws(Problem) {
    let rows = 1 + (terms + columns) % 3
    let d = positions(outputs, terms, rows, columns)
    let offsets = offsets(terms, upTo: 20)
    let s = operand(20 + reach(d))
    let g = operand(d.result_step + outputs * rows * columns)
    let lanes = result(outputs * terms * wide)
    try compare(
      "ck_small_sums, \(outputs) outputs, \(terms) terms, \(rows) rows of \(columns)", lanes,
      rows: outputs * terms, columns: wide, pitch: wide, [s, g]
    ) {
      withUnsafePointer(to: d) {
        kernels.smallSums(isa, $0, s.start, offsets, g.start, lanes.start)
      }
    } expected: { sum, lane in
      let (m, t) = sum.quotientAndRemainder(dividingBy: terms)
      var total = S.zero
      for n in 0..<d.samples {
        for y in 0..<rows {
          for x in stride(from: lane, to: columns, by: wide) {
            total.addProduct(
              g.start[n * d.result_step + (m * rows + y) * columns + x],
              s.start[n * d.source_step + offsets[t] + y * d.pitch + x])
          }
        }
      }
      return total
    }
  }
}
