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
        isa, above, rows, below, before, columns, after, source.start, pitch, stride,
        target.start)
    } expected: { row, column in
      let (y, x) = (row - above, column - before)
      let isInside = y >= 0 && y < rows && x >= 0 && x < columns
      return isInside ? source.start[y * pitch + x * stride] : 0
    }
  }

  /// target[r·ldt + x] = source[r·lds + x].
  func moveRows(_ rows: Int, _ columns: Int) throws(Problem) {
    guard rows > 0, columns > 0 else { return }
    let (sourcePitch, pitch) = (columns + rows % 3, columns + rows % 2)
    let source = operand((rows - 1) * sourcePitch + columns)
    let target = result((rows - 1) * pitch + columns)
    try compare(
      "ck_move_rows, \(rows) rows of \(columns)", target, rows: rows, columns: columns,
      pitch: pitch,
      [source]
    ) {
      kernels.moveRows(isa, rows, columns, source.start, sourcePitch, target.start, pitch)
    } expected: { r, x in
      source.start[r * sourcePitch + x]
    }
  }

  /// Two segments of rows, with rows between them that are left out.
  func joinRows(_ rows: Int, _ columns: Int) throws(Problem) {
    guard columns > 0 else { return }
    let (skipped, pitch) = (rows % 3, columns + rows % 2)
    let segments = [rows + 1, 2]
    let all = segments[0] + skipped + segments[1]
    let source = operand((all - 1) * pitch + columns, readable: wide)
    // What may be written behind the end is no part of the comparison.
    let target = result((rows + 3) * columns + wide)
    let name = "ck_join_rows, \(rows + 3) rows of \(columns)"
    var joined: [S] = []
    for row in 0..<all where row < segments[0] || row >= segments[0] + skipped {
      joined += source.values[row * pitch..<row * pitch + columns]
    }
    try compare(
      name, target, rows: 1, columns: target.values.count, pitch: target.values.count, [source]
    ) {
      kernels.joinRows(isa, 2, segments, skipped, columns, source.start, pitch, target.start)
    } expected: { _, x in
      x < joined.count ? joined[x] : target.start[x]
    }
  }

  /// The planes of the residues of rows and columns, put together.
  func interleave(_ rows: Int, _ columns: Int, _ stride: Int) throws(Problem) {
    guard rows > 0, columns > 0 else { return }
    let high = 1 + rows % 3
    let lines = (rows + high - 1) / high
    let width = (columns + stride - 1) / stride
    let pitch = width + rows % 2
    let between = (lines - 1) * pitch + width + columns % 2
    let source = operand((high * stride - 1) * between + (lines - 1) * pitch + width)
    let targetPitch = columns + rows % 2
    let target = result((rows - 1) * targetPitch + columns)
    try compare(
      "ck_interleave, \(rows) rows of \(columns), \(high) by \(stride)", target, rows: rows,
      columns: columns, pitch: targetPitch, [source]
    ) {
      kernels.interleave(
        isa, rows, columns, high, stride, source.start, pitch, stride * between, between,
        target.start, targetPitch)
    } expected: { r, x in
      source.start[
        (r % high * stride + x % stride) * between + r / high * pitch + x / stride]
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

  /// Runs of all lengths up to this one, some of them zeros, which follow one another.
  func gather(upTo longest: Int) throws(Problem) {
    let slack = 32 / MemoryLayout<S>.size
    let source = operand(3 * longest, readable: slack)
    var runs: [ck_run] = []
    var elements: [Int] = []
    for count in 0...longest {
      let start = count % 4 == 3 ? -1 : Int.random(in: 0...2 * longest, using: &samples)
      runs.append(ck_run(target: elements.count, source: start, count: count))
      elements += (0..<count).map { start < 0 ? -1 : start + $0 }
    }
    let target = result(elements.count + slack)
    try compare(
      "ck_gather, runs of up to \(longest)", target, rows: 1, columns: elements.count + slack,
      pitch: elements.count + slack, [source]
    ) {
      kernels.gather(isa, runs.count, runs, source.start, target.start)
    } expected: { _, x in
      // Behind the last run anything may be written.
      guard x < elements.count else { return target.start[x] }
      return elements[x] < 0 ? 0 : source.start[elements[x]]
    }
  }

  /// Whether numbers are finite, with each of them in turn the one that is not.
  func allFinite(_ count: Int) throws(Problem) {
    var values = (0..<count).map { index -> S in
      [.greatestFiniteMagnitude, -.leastNonzeroMagnitude, -0.0, 1.5][index % 4]
    }
    func check(_ isFinite: Bool) throws(Problem) {
      guard (kernels.allFinite(isa, count, values) != 0) == isFinite else {
        throw Problem("ck_all_finite of \(values), \(S.self), \(instructions)")
      }
    }
    try check(true)
    for index in values.indices {
      let before = values[index]
      for wrong in [S.infinity, -S.infinity, .nan] {
        values[index] = wrong
        try check(false)
      }
      values[index] = before
    }
  }
}
