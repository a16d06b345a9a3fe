internal import Tensors

/// A product of matrices in register tiles; each task owns a rectangle of the result.
struct TiledProduct<S: KernelScalar> {
  let m: Int
  let n: Int
  let k: Int
  let aIsTransposed: Bool
  let bIsTransposed: Bool
  private let instructions = InstructionSet.current

  init(m: Int, n: Int, k: Int, aIsTransposed: Bool, bIsTransposed: Bool) {
    self.m = m
    self.n = n
    self.k = k
    self.aIsTransposed = aIsTransposed
    self.bIsTransposed = bIsTransposed
  }

  /// Whether the tiles read B where it is, a few rows at a time.
  ///
  /// That pays if each element of B is used by few tiles, and if there are few rows: many rows at
  /// a distance of a power of two would share cache sets.
  private var readsInPlace: Bool { !bIsTransposed && (m <= 14 || k <= Self.fewTerms) }
  private static var fewTerms: Int { 16 }
  /// Multiplications below which a task is not worth handing out.
  private static var smallestTask: Int { 1 << 19 }

  private var vectors: Int { m <= instructions.tileRows(vectors: 4) ? 4 : 2 }
  private var tile: Int { vectors * instructions.lanes(S.self) }

  func run(_ a: UnsafePointer<S>, _ b: UnsafePointer<S>, _ c: UnsafeMutablePointer<S>) {
    KernelPath.note(
      readsInPlace ? .productInPlace : bIsTransposed ? .productOfTranspositions : .productOfCopies)
    let limit = readsInPlace ? Self.fewTerms : ReductionBlocks.limit
    let packed = PackedWeights(
      a,
      WeightView(
        groupStride: 0, rowStride: aIsTransposed ? 1 : k, channelStride: aIsTransposed ? m : 1),
      groups: 1, rows: m, taps: [0], blocks: ReductionBlocks(channels: k, taps: 1, limit: limit),
      instructions: instructions, vectors: vectors)
    // A block of B fills half of the second-level cache; at least eight tasks if there is work.
    let widest = (512 << 10) / MemoryLayout<S>.size / ReductionBlocks.limit
    let columnCut = Balanced(n, limit: max(64, min(readsInPlace ? 4 * widest : widest, n / 8)))
    let rowCut = Balanced(m, limit: max(64, m * columnCut.count / 8))
    let tasks = columnCut.count * rowCut.count
    let grain = max(1, Self.smallestTask * tasks / (m * n * k))
    nonisolated(unsafe) let (b, c) = (b, c)
    Parallel.forEach(tasks, grain: grain) { task in
      let (row, column) = task.quotientAndRemainder(dividingBy: columnCut.count)
      packed.elements.withUnsafeBufferPointer { a in
        guard let a = a.baseAddress else { return }
        Scratch.with(limit * (columnCut.longest + 128) + 256, of: S.self) { scratch in
          compute(
            rows: rowCut[row], columns: columnCut[column], a, packed, b, c, scratch: scratch)
        }
      }
    }
  }

  /// Computes the panels that begin in `rows`, for these columns.
  private func compute(
    rows: Range<Int>, columns: Range<Int>, _ a: UnsafePointer<S>, _ packed: PackedWeights<S>,
    _ b: UnsafePointer<S>, _ c: UnsafeMutablePointer<S>, scratch: UnsafeMutablePointer<S>
  ) {
    let panels = (0..<packed.panels.count).filter { rows.contains(packed.panels[$0].lowerBound) }
    let terms = Array(0..<packed.blocks.longest)
    for index in 0..<packed.blocks.count {
      let block = packed.blocks[index]
      let lines = self.lines(block, columns, b, scratch)
      let offsets = (0..<block.count).map { $0 * lines.pitch }
      var start = columns.lowerBound
      while start < columns.upperBound {
        let count = min(tile, columns.upperBound - start)
        let right = rightOperand(lines, start - columns.lowerBound, count, block.count, scratch)
        for panel in panels {
          let range = packed.panels[panel]
          let place = c + range.lowerBound * n + start
          (right.isCopy ? right.offsets : offsets).withUnsafeBufferPointer { offsets in
            terms.withUnsafeBufferPointer { terms in
              guard let first = offsets.baseAddress, let term = terms.baseAddress else { return }
              S.productTile(
                ProductTile(
                  instructions: instructions, rows: range.count, vectors: vectors(for: count),
                  a: a + packed.offset(group: 0, block: block, panel: panel), b: right.base,
                  offsets: first, terms: term, count: block.count, c: place, pitch: n,
                  columns: count, sums: index > 0 ? UnsafePointer(place) : nil, sumsPitch: n,
                  streams: false, bias: nil))
            }
          }
        }
        start += tile
      }
    }
  }

  /// Some rows of B: where the first begins, and the distance from one to the next.
  private struct Lines {
    let base: UnsafePointer<S>
    let pitch: Int
    /// Whether whole tiles may be read at the ragged end.
    let isPadded: Bool
  }

  private func vectors(for columns: Int) -> Int {
    let lanes = instructions.lanes(S.self)
    return columns <= lanes ? 1 : columns <= 2 * lanes ? 2 : 4
  }

  /// The rows of op(B) of a block: in place, or copied.
  private func lines(
    _ block: Range<Int>, _ columns: Range<Int>, _ b: UnsafePointer<S>,
    _ scratch: UnsafeMutablePointer<S>
  ) -> Lines {
    guard !readsInPlace else {
      return Lines(base: b + block.lowerBound * n + columns.lowerBound, pitch: n, isPadded: false)
    }
    let pitch = (columns.count + 15) / 16 * 16 + 16
    if bIsTransposed {
      S.transpose(
        Transposition(
          instructions: instructions, rows: columns.count, columns: block.count,
          source: b + columns.lowerBound * k + block.lowerBound, sourcePitch: k, target: scratch,
          targetPitch: pitch))
    } else {
      for (p, row) in block.enumerated() {
        (scratch + p * pitch).update(from: b + row * n + columns.lowerBound, count: columns.count)
      }
    }
    return Lines(base: UnsafePointer(scratch), pitch: pitch, isPadded: true)
  }

  /// The right operand of a tile; a ragged one is copied, lest a read pass the end of B.
  private func rightOperand(
    _ lines: Lines, _ start: Int, _ count: Int, _ terms: Int, _ scratch: UnsafeMutablePointer<S>
  ) -> (base: UnsafePointer<S>, isCopy: Bool, offsets: [Int]) {
    guard !lines.isPadded, count < tile else { return (lines.base + start, false, []) }
    KernelPath.note(.productWithRaggedTile)
    for p in 0..<terms {
      (scratch + p * tile).update(from: lines.base + p * lines.pitch + start, count: count)
    }
    return (UnsafePointer(scratch), true, (0..<terms).map { $0 * tile })
  }
}
