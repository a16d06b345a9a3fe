/// Computes bands one after the other in one block of scratch memory.
struct BandWorker<S: KernelScalar> {
  let product: ShiftedProduct<S>
  let plan: BandPlan
  private let residues: [ShiftedProduct<S>.Residue]
  let bias: UnsafePointer<S>?
  let scratch: UnsafeMutablePointer<S>
  private var offsets: [Int] = []
  /// All terms of a block, in order.
  private let terms: [Int]

  init(
    _ product: ShiftedProduct<S>, _ plan: BandPlan, _ residues: [ShiftedProduct<S>.Residue],
    bias: UnsafePointer<S>?, scratch: UnsafeMutablePointer<S>
  ) {
    self.product = product
    self.plan = plan
    self.residues = residues
    self.bias = bias
    self.scratch = scratch
    terms = Array(0..<plan.longestBlock)
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
    let tiles = plan.readsInPlace ? plan.longestBlock * BandPlan.widestTile : 0
    let copied = scratch + max(plan.lines * planeSize, tiles) + 64
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
        let operand: Operand
        if plan.readsInPlace, let line = lineInSource(band, lines, block, source) {
          KernelPath.note(.bandsReadInPlace)
          operand = line
          setOffsets(block)
        } else {
          if channels.isEmpty {
            channels = weights.blocks.channels(block)
            let first = band.group * product.channels
            planes.copy(
              source, channels: first + channels.lowerBound..<first + channels.upperBound,
              segments: band.segments, window: band.columns, to: scratch, planeSize: planeSize,
              product.instructions)
          }
          setOffsets(block, residue.taps, firstChannel: channels.lowerBound, lines)
          if plan.compacts { compact(band, lines, to: copied, pitch: compactPitch) }
          operand = Operand(base: plan.compacts ? copied : scratch, readable: nil)
        }
        multiply(
          band, block, weights, operand, lines.positions,
          sums: Sums(base: sum, pitch: sums.pitch, accumulates: index > 0),
          streamed: index + 1 == plan.blockCount ? sums.streamed : nil)
      }
    }
    if !sums.areResult, sums.streamed == nil { copyOut(band, lines, sums, result) }
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

  /// The first line of a block within the source itself, if it has no gaps.
  private func lineInSource(
    _ band: Band, _ lines: Lines, _ block: Range<Int>, _ source: UnsafePointer<S>
  ) -> Operand? {
    let planes = product.planes
    let (width, area) = (planes.columns.extent, planes.area)
    guard band.segments.count == 1, lines.rows == 1 || lines.rowPitch == width else { return nil }
    let segment = band.segments[0]
    let plane = segment.image * planes.channels + band.group * product.channels + block.lowerBound
    let place = segment.rows.lowerBound * width + band.columns.lowerBound
    return Operand(
      base: source + (plane * area + place),
      readable: product.images * planes.channels * area - (plane + block.count - 1) * area - place)
  }

  /// Where each term's line starts within the source itself, and then within the copy of a tile.
  private mutating func setOffsets(_ block: Range<Int>) {
    offsets.removeAll(keepingCapacity: true)
    for term in 0..<block.count { offsets.append(term * product.planes.area) }
    for term in 0..<block.count { offsets.append(term * BandPlan.widestTile) }
  }

  /// Copies the lines without gaps and sets the offsets to the copies.
  private mutating func compact(
    _ band: Band, _ lines: Lines, to target: UnsafeMutablePointer<S>, pitch: Int
  ) {
    let rows = band.segments.map { $0.rows.count }
    rows.withUnsafeBufferPointer { rows in
      for term in offsets.indices {
        // What is written too much lies in the gap after the line.
        S.joinRows(
          RowJoin(
            instructions: product.instructions, segments: rows,
            skipped: product.planes.rows.span, count: band.columns.count,
            source: scratch + offsets[term], sourcePitch: lines.pitch,
            target: target + term * pitch))
        offsets[term] = term * pitch
      }
    }
  }

  /// Lends the offsets, the terms and the elements of the weights.
  func withOffsets(
    _ weights: PackedWeights<S>,
    _ body: (UnsafePointer<Int>, UnsafePointer<Int>, UnsafePointer<S>) -> Void
  ) {
    offsets.withUnsafeBufferPointer { offsets in
      terms.withUnsafeBufferPointer { terms in
        weights.elements.withUnsafeBufferPointer { packed in
          guard let offsets = offsets.baseAddress, let terms = terms.baseAddress,
            let packed = packed.baseAddress
          else { return }
          body(offsets, terms, packed)
        }
      }
    }
  }

  /// The panels of the band's part of the rows.
  func panelRange(_ band: Band) -> Range<Int> {
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
