import CKernels
import Kernels

/// What a tile of a product is added to; to nothing and from elsewhere it is streamed.
enum ProductSums: CaseIterable {
  case none, ownPlace, elsewhere
}

/// Tiles whose lanes are outputs: each is one chain of fused multiply-adds.
extension TileProof {
  /// c[m][j] = bias[m] + Σ_p a[terms[p]·rows + m] · b[offsets[p] + j], or sums[m·lds + j] + ….
  func product(
    _ rows: Int, _ vectors: Int, _ columns: Int, _ before: ProductSums, bias hasBias: Bool
  ) throws(Problem) {
    let count = [0, 1, 5][columns % 3]
    // Whole vectors are streamed to aligned rows: some of those of a pitch of whole tiles, all of them.
    let size = vectors * lanes
    let pitch = columns == size && rows % 2 == 0 ? columns : columns + columns % 4
    let offsets = offsets(count, upTo: 2 * size)
    let terms = self.offsets(count, upTo: count + 2)
    let a = operand(rows * (count + 3))
    // Readable for whole vectors from every offset.
    let b = operand(2 * size + columns, readable: size - columns)
    let bias = operand(rows)
    let extent = (rows - 1) * pitch + columns
    let c = before == .ownPlace ? operand(extent) : result(extent)
    let otherPitch = columns + columns % 3
    let others = operand((rows - 1) * otherPitch + columns)
    let (own, other) = (UnsafePointer(c.start), UnsafePointer(others.start))
    let (ownValues, otherValues) = (c.values, others.values)
    let name =
      "ck_product, \(rows) rows, \(vectors) vectors, \(columns) columns, \(count) terms, "
      + "sums: \(before)" + (hasBias ? ", with a bias" : "")
    try compare(
      name, c, rows: rows, columns: columns, pitch: pitch,
      [a, b, bias, others]
    ) {
      kernels.product(
        isa, Int32(rows), Int32(vectors), a.start, b.start, offsets, terms, count, c.start, pitch,
        Int32(columns), before == .none ? nil : before == .ownPlace ? own : other,
        before == .ownPlace ? pitch : otherPitch, before == .ownPlace ? 0 : 1,
        hasBias ? UnsafePointer(bias.start) : nil)
      ck_stream_end()
    } expected: { m, j in
      var sum: S = 0
      for p in 0..<count {
        sum.addProduct(a.start[terms[p] * rows + m], b.start[offsets[p] + j])
      }
      switch before {
      case .none: return sum + (hasBias ? bias.start[m] : 0)
      case .ownPlace: return ownValues[m * pitch + j] + sum
      case .elsewhere: return otherValues[m * otherPitch + j] + sum
      }
    }
  }

  /// c[places[m] + j] (+)= Σ_l Σ_x s[offsets[m] + lines[l] + x] · g[(starts[l] + x)·vectors·lanes + j].
  func correlate(
    _ rows: Int, _ vectors: Int, _ columns: Int, accumulate: Bool
  ) throws(Problem) {
    let (lineCount, length) = ([0, 1, 3][columns % 3], 1 + columns % 5)
    let (pitch, size) = (columns + columns % 4, vectors * lanes)
    let offsets = offsets(rows, upTo: 20)
    let lines = lineCount == 0 ? [] : self.offsets(lineCount, upTo: 30)
    let starts = lineCount == 0 ? [] : self.offsets(lineCount, upTo: 9)
    let order = Array(0..<rows).shuffled(using: &samples)
    let s = operand(50 + length)
    let g = operand((9 + length) * size)
    // What fills up the panels may be anything.
    for row in 0..<9 + length {
      for j in columns..<size { g.set(row * size + j, .nan) }
    }
    let extent = (rows - 1) * pitch + columns
    let c = accumulate ? operand(extent) : result(extent)
    let name =
      "ck_correlate, \(rows) rows, \(vectors) vectors, \(columns) columns, \(lineCount) lines of "
      + "\(length)" + (accumulate ? ", accumulating" : "")
    try compare(name, c, rows: rows, columns: columns, pitch: pitch, [s, g]) {
      kernels.correlate(
        isa, Int32(rows), Int32(vectors), s.start, offsets, lines, starts, lineCount, length,
        g.start, c.start, order.map { $0 * pitch }, Int32(columns), accumulate ? 1 : 0)
    } expected: { place, j in
      let m = order.firstIndex(of: place) ?? 0
      var sum: S = 0
      for l in 0..<lineCount {
        for x in 0..<length {
          sum.addProduct(
            s.start[offsets[m] + lines[l] + x], g.start[(starts[l] + x) * size + j])
        }
      }
      return accumulate ? c.values[place * pitch + j] + sum : sum + 0
    }
  }

  /// c[m·ldc + j] = sums[m·lds + j] + Σ_p s[places[m] + offsets[p]] · w[p·ldw + j], the sums those of
  /// `c`, or one row for all.
  func filters(_ rows: Int, _ vectors: Int, _ terms: Int, adds: Bool) throws(Problem) {
    let size = vectors * lanes
    let (pitch, weightsPitch) = (size + rows % 3, size + terms % 2 * lanes)
    let places = offsets(rows, upTo: 20)
    let offsets = offsets(terms, upTo: 30)
    let s = operand(51)
    let w = operand(max(0, terms - 1) * weightsPitch + size)
    let before = operand(size)
    let extent = (rows - 1) * pitch + size
    let c = adds ? operand(extent) : result(extent)
    let values = c.values
    let own = UnsafePointer(adds ? c.start : before.start)
    try compare(
      "ck_filters, \(rows) rows, \(vectors) vectors, \(terms) terms" + (adds ? ", adding" : ""), c,
      rows: rows, columns: size, pitch: pitch, [s, w, before]
    ) {
      kernels.filters(
        isa, Int32(rows), Int32(vectors), s.start, places, offsets, terms, w.start, weightsPitch,
        c.start, pitch, own, adds ? pitch : 0)
    } expected: { m, j in
      var sum: S = 0
      for p in 0..<terms {
        sum.addProduct(s.start[places[m] + offsets[p]], w.start[p * weightsPitch + j])
      }
      return (adds ? values[m * pitch + j] : before.start[j]) + sum
    }
  }

  /// c[y·ldc + x] = bias + Σ_t w[t] · s[offsets[t] + y·pitch + x].
  func plane(_ rows: Int, _ columns: Int) throws(Problem) {
    let terms = [0, 1, 9][columns % 3]
    let (sourcePitch, pitch) = (columns + columns % 5, columns + columns % 4)
    let offsets = offsets(terms, upTo: 40)
    // Readable for 128 bytes beyond the end of a line.
    let s = operand(40 + (rows - 1) * sourcePitch + columns, readable: 2 * wide)
    let w = operand(terms)
    let bias: S = columns % 2 == 0 ? 0 : 0.75
    let c = result((rows - 1) * pitch + columns)
    try compare(
      "ck_plane, \(rows) rows, \(columns) columns, \(terms) terms", c, rows: rows, columns: columns,
      pitch: pitch, [s, w]
    ) {
      kernels.plane(
        isa, rows, columns, s.start, sourcePitch, offsets, w.start, terms, c.start, pitch, bias)
    } expected: { y, x in
      var sum: S = 0
      for t in 0..<terms { sum.addProduct(w.start[t], s.start[offsets[t] + y * sourcePitch + x]) }
      return sum + bias
    }
  }
}
