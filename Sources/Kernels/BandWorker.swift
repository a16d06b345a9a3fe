/// Computes bands one after the other in one block of scratch memory.
struct BandWorker<S: KernelScalar> {
  let product: ShiftedProduct<S>
  let plan: BandPlan
  private let residues: [ShiftedProduct<S>.Residue]
  private let bias: UnsafePointer<S>?
  private let scratch: UnsafeMutablePointer<S>
  private var offsets: [Int] = []

  init(
    _ product: ShiftedProduct<S>, _ plan: BandPlan, _ residues: [ShiftedProduct<S>.Residue],
    bias: UnsafePointer<S>?, scratch: UnsafeMutablePointer<S>
  ) {
    self.product = product
    self.plan = plan
    self.residues = residues
    self.bias = bias
    self.scratch = scratch
  }

  /// The lines that the tiles of one band read.
  struct Lines {
    let planeSize: Int
    let pitch: Int
    let rows: Int
    /// Elements from the first to the last position of a line, gaps included.
    let positions: Int
    /// The distance between two rows of outputs.
    let rowPitch: Int
  }

  mutating func compute(
    _ band: Band, _ source: UnsafePointer<S>, _ result: UnsafeMutablePointer<S>
  ) {
    let planes = product.planes
    let width = band.columns.count
    let pitch = planes.pitch(width)
    let height = planes.height(band.segments)
    let planeSize = planes.planeSize(height: height, pitch: pitch, of: S.self)
    let outputs = band.segments.reduce(0) { $0 + $1.rows.count }
    let rowPitch = plan.compacts ? width : pitch
    let lines = Lines(
      planeSize: planeSize, pitch: pitch, rows: outputs,
      positions: (outputs - 1) * rowPitch + width, rowPitch: rowPitch)
    let copied = scratch + plan.lines * planeSize + 64
    let compactPitch = (lines.positions + 31) / 16 * 16 + 16
    let compacted = plan.compacts ? plan.longestBlock * compactPitch : 0
    let sums = Accumulators(self, band, lines, result, buffer: copied + compacted)

    for index in 0..<plan.blockCount {
      var channels = 0..<0
      for (residue, sum) in zip(residues, sums.bases) {
        guard let weights = residue.weights else {
          if index == 0 { fill(band, lines.positions, sum, sums.pitch) }
          continue
        }
        let block = weights.blocks[index]
        if channels.isEmpty {
          channels = weights.blocks.channels(block)
          let first = band.group * product.channels
          planes.copy(
            source, channels: first + channels.lowerBound..<first + channels.upperBound,
            segments: band.segments, window: band.columns, to: scratch, planeSize: planeSize)
        }
        setOffsets(block, residue.taps, firstChannel: channels.lowerBound, lines)
        if plan.compacts { compact(band, lines, to: copied, pitch: compactPitch) }
        multiply(
          band, block, weights, plan.compacts ? copied : scratch, lines.positions, into: sum,
          pitch: sums.pitch, accumulates: index > 0)
      }
    }
    if !sums.areResult { copyOut(band, lines, sums, result) }
  }

  /// Outputs that no tap reaches: the bias alone.
  private func fill(_ band: Band, _ positions: Int, _ sum: UnsafeMutablePointer<S>, _ pitch: Int) {
    for m in rowRange(band) {
      let value = bias.map { $0[band.group * product.rows + m] } ?? 0
      (sum + m * pitch).update(repeating: value, count: positions)
    }
  }

  /// Where each term's line starts within the copied planes.
  private mutating func setOffsets(
    _ block: Range<Int>, _ taps: [SourcePlanes.Tap], firstChannel: Int, _ lines: Lines
  ) {
    let phases = product.planes.phases.count
    offsets.removeAll(keepingCapacity: true)
    for term in block {
      let (channel, index) = term.quotientAndRemainder(dividingBy: taps.count)
      let tap = taps[index]
      let plane = (channel - firstChannel) * phases + tap.plane
      offsets.append(plane * lines.planeSize + tap.row * lines.pitch + tap.column)
    }
  }

  /// Copies the lines without gaps and sets the offsets to the copies.
  private mutating func compact(
    _ band: Band, _ lines: Lines, to target: UnsafeMutablePointer<S>, pitch: Int
  ) {
    let width = band.columns.count
    for term in offsets.indices {
      var place = target + term * pitch
      var line = UnsafePointer(scratch) + offsets[term]
      for segment in band.segments {
        for _ in segment.rows {
          // Eight at a time; what is too much is overwritten by the next row or lies in the gap
          // after the last one.
          for index in stride(from: 0, to: width, by: 8) {
            let eight = UnsafeRawPointer(line + index).loadUnaligned(as: SIMD8<S>.self)
            UnsafeMutableRawPointer(place + index).storeBytes(of: eight, as: SIMD8<S>.self)
          }
          place += width
          line += lines.pitch
        }
        line += product.planes.rows.span * lines.pitch
      }
      offsets[term] = term * pitch
    }
  }

  /// Multiplies one block of terms into all positions of the band.
  private func multiply(
    _ band: Band, _ block: Range<Int>, _ weights: PackedWeights<S>,
    _ lines: UnsafeMutablePointer<S>, _ positions: Int, into sum: UnsafeMutablePointer<S>,
    pitch: Int, accumulates: Bool
  ) {
    let lanes = product.instructions.lanes(S.self)
    let tile = product.vectors * lanes
    let panels = plan.panels
    withOffsets(weights) { offsets, packed in
      var start = 0
      while start < positions {
        let columns = min(tile, positions - start)
        let vectors = columns <= lanes ? 1 : columns <= 2 * lanes ? 2 : 4
        for panel in panelRange(band) {
          let range = panels[panel]
          S.productTile(
            ProductTile(
              instructions: product.instructions, rows: range.count, vectors: vectors,
              a: packed + weights.offset(group: band.group, block: block, panel: panel),
              b: lines + start, offsets: offsets, count: block.count,
              c: sum + range.lowerBound * pitch + start, pitch: pitch,
              columns: columns, accumulates: accumulates,
              bias: bias.map { $0 + band.group * product.rows + range.lowerBound }))
        }
        start += tile
      }
    }
  }

  /// Lends the offsets and the elements of the weights.
  private func withOffsets(
    _ weights: PackedWeights<S>, _ body: (UnsafePointer<Int>, UnsafePointer<S>) -> Void
  ) {
    offsets.withUnsafeBufferPointer { offsets in
      weights.elements.withUnsafeBufferPointer { packed in
        guard let offsets = offsets.baseAddress, let packed = packed.baseAddress else { return }
        body(offsets, packed)
      }
    }
  }

  /// The panels of the band's part of the rows.
  private func panelRange(_ band: Band) -> Range<Int> {
    let count = plan.panels.count
    return count * band.part / plan.parts..<count * (band.part + 1) / plan.parts
  }

  /// The rows of those panels.
  func rowRange(_ band: Band) -> Range<Int> {
    let panels = panelRange(band)
    guard !panels.isEmpty else { return 0..<0 }
    return plan.panels[panels.lowerBound]
      .lowerBound..<plan.panels[panels.upperBound - 1].upperBound
  }
}
