/// Computes bands one after the other in one block of scratch memory.
struct BandWorker<S: KernelScalar> {
  private let product: ShiftedProduct<S>
  private let plan: BandPlan
  private let weights: PackedWeights<S>
  private let packed: UnsafePointer<S>
  private let bias: UnsafePointer<S>?
  private let scratch: UnsafeMutablePointer<S>
  private var offsets: [Int] = []

  init(
    _ product: ShiftedProduct<S>, _ plan: BandPlan, _ weights: PackedWeights<S>,
    _ packed: UnsafePointer<S>, bias: UnsafePointer<S>?, scratch: UnsafeMutablePointer<S>
  ) {
    self.product = product
    self.plan = plan
    self.weights = weights
    self.packed = packed
    self.bias = bias
    self.scratch = scratch
  }

  /// The result's memory for one band: in place, or a buffer that is copied out at the end.
  private struct Accumulator {
    let base: UnsafeMutablePointer<S>
    let pitch: Int
    let isResult: Bool
  }

  /// The lines that the tiles of one band read.
  private struct Lines {
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
    let blocks = weights.blocks
    let copied = scratch + blocks.mostChannels * product.planes.phases.count * planeSize + 64
    let compactPitch = (lines.positions + 31) / 16 * 16 + 16
    let compacted = plan.compacts ? blocks.longest * compactPitch : 0
    let sum = accumulator(band, lines, result, buffer: copied + compacted)

    for index in 0..<blocks.count {
      let block = blocks[index]
      let channels = blocks.channels(block)
      let first = band.group * product.channels
      planes.copy(
        source, channels: first + channels.lowerBound..<first + channels.upperBound,
        segments: band.segments, window: band.columns, to: scratch, planeSize: planeSize)
      setOffsets(block, firstChannel: channels.lowerBound, lines)
      if plan.compacts {
        compact(band, lines, to: copied, pitch: compactPitch)
      }
      multiply(
        band, block, plan.compacts ? copied : scratch, lines.positions, into: sum,
        accumulates: index > 0)
    }
    if !sum.isResult { copyOut(band, lines, sum, result) }
  }

  /// Where each term's line starts within the copied planes.
  private mutating func setOffsets(_ block: Range<Int>, firstChannel: Int, _ lines: Lines) {
    let planes = product.planes
    offsets.removeAll(keepingCapacity: true)
    for term in block {
      let (channel, index) = term.quotientAndRemainder(dividingBy: planes.taps.count)
      let tap = planes.taps[index]
      let plane = (channel - firstChannel) * planes.phases.count + tap.plane
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
    _ band: Band, _ block: Range<Int>, _ lines: UnsafeMutablePointer<S>, _ positions: Int,
    into sum: Accumulator, accumulates: Bool
  ) {
    let lanes = product.instructions.lanes(S.self)
    let tile = product.vectors * lanes
    let panels = weights.panels
    offsets.withUnsafeBufferPointer { offsets in
      guard let offsets = offsets.baseAddress else { return }
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
              c: sum.base + range.lowerBound * sum.pitch + start, pitch: sum.pitch,
              columns: columns, accumulates: accumulates,
              bias: bias.map { $0 + band.group * product.rows + range.lowerBound }))
        }
        start += tile
      }
    }
  }

  /// The panels of the band's part of the rows.
  private func panelRange(_ band: Band) -> Range<Int> {
    let count = weights.panels.count
    return count * band.part / plan.parts..<count * (band.part + 1) / plan.parts
  }

  /// The rows of those panels.
  private func rowRange(_ band: Band) -> Range<Int> {
    let panels = panelRange(band)
    guard !panels.isEmpty else { return 0..<0 }
    return weights.panels[panels.lowerBound]
      .lowerBound..<weights.panels[panels.upperBound - 1].upperBound
  }

  private func accumulator(
    _ band: Band, _ lines: Lines, _ result: UnsafeMutablePointer<S>,
    buffer: UnsafeMutablePointer<S>
  ) -> Accumulator {
    let (rows, columns) = (product.targetRows, product.targetColumns)
    let dense = columns.stride == 1 && columns.offset == 0
    let gapless = lines.rows == 1 || (lines.rowPitch == columns.extent && rows.stride == 1)
    guard dense, gapless, band.segments.count == 1 else {
      let pitch = (lines.positions + 31) / 16 * 16 + 16
      return Accumulator(
        base: buffer - rowRange(band).lowerBound * pitch, pitch: pitch, isResult: false)
    }
    KernelPath.note(.bandsInPlace)
    let segment = band.segments[0]
    let row = rows.offset + segment.rows.lowerBound * rows.stride
    let place =
      product.resultPlane(image: segment.image, group: band.group) + row * columns.extent
      + band.columns.lowerBound
    return Accumulator(base: result + place, pitch: product.resultPitch, isResult: true)
  }

  /// Copies a finished band to its places in the result.
  private func copyOut(
    _ band: Band, _ lines: Lines, _ sum: Accumulator, _ result: UnsafeMutablePointer<S>
  ) {
    let (rows, columns) = (product.targetRows, product.targetColumns)
    KernelPath.note(columns.stride == 1 ? .bandsCopiedOut : .bandsSpread)
    let width = band.columns.count
    let left = columns.offset + band.columns.lowerBound * columns.stride
    var line = 0
    for segment in band.segments {
      let first = result + product.resultPlane(image: segment.image, group: band.group)
      for m in rowRange(band) {
        let plane = first + m * product.resultPitch
        var from = UnsafePointer(sum.base) + m * sum.pitch + line * lines.rowPitch
        for u in segment.rows {
          let to = plane + (rows.offset + u * rows.stride) * columns.extent + left
          if columns.stride == 1 {
            to.update(from: from, count: width)
          } else {
            for v in 0..<width { to[v * columns.stride] = from[v] }
          }
          from += lines.rowPitch
        }
      }
      line += segment.rows.count + (plan.compacts ? 0 : product.planes.rows.span)
    }
  }
}
