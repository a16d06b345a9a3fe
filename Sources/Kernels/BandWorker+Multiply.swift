// One block of terms, multiplied tile by tile.

internal import CKernels

extension BandWorker {
  /// Where the sums of a block are: those of the blocks before, if it accumulates.
  struct Sums {
    let base: UnsafeMutablePointer<S>
    let pitch: Int
    let accumulates: Bool
  }

  /// The lines that are multiplied.
  struct Operand {
    /// What the offsets of the terms count from.
    let base: UnsafePointer<S>
    /// How many elements of the last line may be read, where the source is read in place; nil where
    /// any tile may be read.
    let readable: Int?
  }

  /// Multiplies one block of terms into all positions of the band: in place, or on to the result.
  func multiply(
    _ band: Band, _ block: Range<Int>, _ weights: PackedWeights<S>, _ operand: Operand,
    _ positions: Int, sums: Sums, streamed: UnsafeMutablePointer<S>?
  ) {
    let lanes = product.instructions.lanes(S.self)
    let tile = product.vectors * lanes
    let panels = plan.panels
    let own = panelRange(band)
    let target = streamed ?? sums.base
    let pitch = streamed == nil ? sums.pitch : product.resultPitch
    withOffsets(weights) { offsets, terms, packed in
      // The second tile begins where a line of the cache does, or a part of it if tiles are smaller.
      var columns = streamed.map { Self.distanceToLine($0) % tile } ?? 0
      if columns == 0 || columns >= positions { columns = min(tile, positions) }
      var start = 0
      while start < positions {
        let vectors = columns <= lanes ? 1 : columns <= 2 * lanes ? 2 : 4
        let isRagged = operand.readable.map { start + vectors * lanes > $0 } ?? false
        let line =
          isRagged ? copyTile(operand.base + start, columns, block.count) : operand.base + start
        for panel in own {
          if operand.readable != nil {
            prefetch(operand.base + start + columns, tile, block.count, panel, of: own)
          }
          let range = panels[panel]
          S.productTile(
            ProductTile(
              instructions: product.instructions, rows: range.count, vectors: vectors,
              a: packed + weights.offset(group: band.group, block: block, panel: panel),
              b: line, offsets: isRagged ? offsets + block.count : offsets, terms: terms,
              count: block.count,
              c: target + range.lowerBound * pitch + start, pitch: pitch, columns: columns,
              sums: sums.accumulates
                ? UnsafePointer(sums.base + range.lowerBound * sums.pitch + start) : nil,
              sumsPitch: sums.pitch, streams: streamed != nil,
              bias: bias.map { $0 + band.group * product.rows + range.lowerBound }))
        }
        start += columns
        columns = min(tile, positions - start)
      }
    }
  }

  /// The elements from a place to the next multiple of 64 bytes.
  private static func distanceToLine(_ place: UnsafeMutablePointer<S>) -> Int {
    Int((0 &- UInt(bitPattern: place)) % 64) / MemoryLayout<S>.size
  }

  /// Copies a tile at the end of the source, lest a read pass it.
  private func copyTile(_ lines: UnsafePointer<S>, _ columns: Int, _ terms: Int)
    -> UnsafePointer<S>
  {
    for term in 0..<terms {
      (scratch + term * BandPlan.widestTile)
        .update(from: lines + term * product.planes.area, count: columns)
    }
    return UnsafePointer(scratch)
  }

  /// Asks for a panel's share of the next tile's lines: short stretches of many planes, which the
  /// processor does not foresee.
  private func prefetch(
    _ next: UnsafePointer<S>, _ columns: Int, _ terms: Int, _ panel: Int, of panels: Range<Int>
  ) {
    let share = Balanced(terms, count: panels.count)[panel - panels.lowerBound]
    let area = product.planes.area
    ck_prefetch(
      share.count, columns * MemoryLayout<S>.stride, next + share.lowerBound * area,
      area * MemoryLayout<S>.stride)
  }
}
