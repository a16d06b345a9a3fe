import Kernels

/// Tiles whose lanes are terms: 64 bytes of sums side by side, added as a binary tree.
extension TileProof {
  /// The sum of lanes: the upper half is added to the lower half until one is left.
  private func tree(_ lanes: [S]) -> S {
    var lanes = lanes
    while lanes.count > 1 {
      let half = lanes.count / 2
      lanes = (0..<half).map { lanes[$0] + lanes[$0 + half] }
    }
    return lanes[0]
  }

  private var zeros: [S] { [S](repeating: 0, count: wide) }

  /// c[m·ldc + j] = Σ_p a[m·lda + p] · b[j·ldb + p].
  func dots(_ rows: Int, _ columns: Int, _ terms: Int) throws(Problem) {
    let (first, second, pitch) = (terms + terms % 3, terms + terms % 4, columns + terms % 3)
    let a = operand((rows - 1) * first + terms)
    let b = operand((columns - 1) * second + terms)
    let c = result((rows - 1) * pitch + columns)
    try compare(
      "ck_dots, \(rows) rows, \(columns) columns, \(terms) terms", c, rows: rows, columns: columns,
      pitch: pitch, [a, b]
    ) {
      kernels.dots(
        isa, Int32(rows), Int32(columns), a.start, first, b.start, second, terms, c.start, pitch)
    } expected: { m, j in
      var lanes = zeros
      for p in 0..<terms {
        lanes[p % wide].addProduct(a.start[m * first + p], b.start[j * second + p])
      }
      return tree(lanes)
    }
  }

  /// c[k·ldc + m] (+)= Σ_l Σ_x g[m·ldg + l·length + x] · s[offsets[k] + lines[l] + x].
  func overlap(_ rows: Int, _ terms: Int, _ length: Int) throws(Problem) {
    let (lineCount, accumulate) = ([0, 1, 3][length % 3], length % 2 == 0)
    let (gradientPitch, pitch) = (lineCount * length + length % 4, rows + length % 3)
    let offsets = offsets(terms, upTo: 20)
    let lines = lineCount == 0 ? [] : self.offsets(lineCount, upTo: 30)
    // Both are readable for 64 bytes beyond the end of a line.
    let g = operand((rows - 1) * gradientPitch + lineCount * length, readable: wide)
    let s = operand(50 + length, readable: wide)
    let extent = (terms - 1) * pitch + rows
    let c = accumulate ? operand(extent) : result(extent)
    let name =
      "ck_overlap, \(rows) rows, \(terms) terms, \(lineCount) lines of \(length)"
      + (accumulate ? ", accumulating" : "")
    try compare(name, c, rows: terms, columns: rows, pitch: pitch, [g, s]) {
      kernels.overlap(
        isa, Int32(rows), Int32(terms), g.start, gradientPitch, s.start, offsets, lines, lineCount,
        length, c.start, pitch, accumulate ? 1 : 0)
    } expected: { k, m in
      var lanes = zeros
      for l in 0..<lineCount {
        for x in 0..<length {
          lanes[x % wide].addProduct(
            g.start[m * gradientPitch + l * length + x], s.start[offsets[k] + lines[l] + x])
        }
      }
      return accumulate ? c.values[k * pitch + m] + tree(lanes) : tree(lanes)
    }
  }

  /// lanes[t·L + x mod L] += Σ_y Σ_x g[y·ldg + x] · s[offsets[t] + y·pitch + x], and their trees.
  func laneSums(_ terms: Int, _ columns: Int) throws(Problem) {
    let (rows, gradientPitch, pitch) = (
      1 + columns % 4, columns + columns % 3, columns + columns % 5
    )
    let offsets = offsets(terms, upTo: 20)
    let g = operand((rows - 1) * gradientPitch + columns)
    let s = operand(20 + (rows - 1) * pitch + columns)
    let sums = operand(terms * wide)
    let name = "\(terms) terms, \(rows) rows of \(columns)"
    try compare("ck_lane_sums, \(name)", sums, rows: terms, columns: wide, pitch: wide, [g, s]) {
      kernels.laneSums(
        isa, terms, rows, columns, g.start, gradientPitch, s.start, pitch, offsets, sums.start)
    } expected: { t, lane in
      var sum = sums.values[t * wide + lane]
      for y in 0..<rows {
        for x in stride(from: lane, to: columns, by: wide) {
          sum.addProduct(g.start[y * gradientPitch + x], s.start[offsets[t] + y * pitch + x])
        }
      }
      return sum
    }
    let c = result(terms)
    try compare("ck_add_lanes, \(name)", c, rows: terms, columns: 1, pitch: 1, []) {
      kernels.addLanes(terms, sums.start, c.start)
    } expected: { t, _ in
      tree((0..<wide).map { sums.start[t * wide + $0] })
    }
  }
}
