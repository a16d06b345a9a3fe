// Where the sums of a band are while they grow, and how they get to their places.

extension BandWorker {
  /// The memory of a band's sums: the result itself, or buffers that are copied out at the end.
  struct Accumulators {
    /// Where row 0 of the product would be, for each residue.
    let bases: [UnsafeMutablePointer<S>]
    /// The distance between two rows of the product.
    let pitch: Int
    let areResult: Bool
    /// Where the last block of terms streams row 0 of the product to, instead of being copied out.
    let streamed: UnsafeMutablePointer<S>?
    /// Room after the buffers.
    let rest: UnsafeMutablePointer<S>

    init(
      _ worker: BandWorker, _ band: Band, _ lines: Lines, _ result: UnsafeMutablePointer<S>,
      buffer: UnsafeMutablePointer<S>
    ) {
      let product = worker.product
      let (rows, columns) = (product.targetRows, product.targetColumns)
      let place = Self.place(product, band, lines, result)
      if let place, !worker.plan.streams {
        KernelPath.note(.bandsInPlace)
        bases = [place]
        rest = buffer
        pitch = product.resultPitch
        areResult = true
        streamed = nil
        return
      }
      let range = worker.rowRange(band)
      let pitch = (lines.positions + 31) / 16 * 16 + 16
      let count = rows.residues * columns.residues
      bases = (0..<count).map { buffer + ($0 * range.count - range.lowerBound) * pitch }
      self.pitch = pitch
      areResult = false
      rest = buffer + count * range.count * pitch
      // All rows begin alike within a line of the cache, so that whole lines are written.
      let isAligned = product.resultPitch * MemoryLayout<S>.size % 64 == 0
      streamed = isAligned ? place : nil
      KernelPath.note(.bandsStreamedInPlace, when: streamed != nil)
    }

    /// Where row 0 of the product goes, if the positions of a band are neighbours in the result.
    private static func place(
      _ product: ShiftedProduct<S>, _ band: Band, _ lines: Lines,
      _ result: UnsafeMutablePointer<S>
    ) -> UnsafeMutablePointer<S>? {
      let (rows, columns) = (product.targetRows, product.targetColumns)
      let dense = rows.residues == 1 && columns.stride == 1 && columns.offset == 0
      let gapless = lines.rows == 1 || (lines.rowPitch == columns.extent && rows.stride == 1)
      guard dense, gapless, band.segments.count == 1 else { return nil }
      let segment = band.segments[0]
      let row = rows.offset + segment.rows.lowerBound * rows.stride
      return result + product.resultPlane(image: segment.image, group: band.group)
        + row * columns.extent + band.columns.lowerBound
    }
  }

  /// Copies a finished band to its places in the result.
  func copyOut(
    _ band: Band, _ lines: Lines, _ sums: Accumulators, _ result: UnsafeMutablePointer<S>
  ) {
    KernelPath.note(sums.bases.count > 1 ? .bandsInterleaved : .bandsCopiedOut)
    var line = 0
    for segment in band.segments {
      let first = result + product.resultPlane(image: segment.image, group: band.group)
      for m in rowRange(band) {
        let source = m * sums.pitch + line * lines.rowPitch
        let plane = first + m * product.resultPitch
        if sums.bases.count > 1 {
          interleave(sums, source, lines.rowPitch, segment.rows, band.columns, to: plane)
        } else {
          let from = UnsafePointer(sums.bases[0]) + source
          copy(from, lines.rowPitch, segment.rows, band.columns, to: plane)
        }
      }
      line += segment.rows.count + (plan.compacts ? 0 : product.planes.rows.span)
    }
  }

  /// Copies the rows of one plane.
  private func copy(
    _ source: UnsafePointer<S>, _ pitch: Int, _ segment: Range<Int>, _ window: Range<Int>,
    to plane: UnsafeMutablePointer<S>
  ) {
    let (rows, columns) = (product.targetRows, product.targetColumns)
    let place =
      plane + (rows.offset + segment.lowerBound * rows.stride) * columns.extent
      + columns.offset + window.lowerBound * columns.stride
    let distance = rows.stride * columns.extent
    write(source, pitch, segment.count, window.count, to: place, distance)
  }

  /// Puts the rows of all residues of one plane together.
  private func interleave(
    _ sums: Accumulators, _ source: Int, _ pitch: Int, _ segment: Range<Int>,
    _ window: Range<Int>, to plane: UnsafeMutablePointer<S>
  ) {
    let (rows, columns) = (product.targetRows, product.targetColumns)
    let start = window.lowerBound * columns.stride
    let width = min(columns.extent - start, window.count * columns.stride)
    let top = segment.lowerBound * rows.stride
    let height = min(rows.extent - top, segment.count * rows.stride)
    let target = plane + top * columns.extent + start
    S.interleave(
      Interleaving(
        instructions: product.instructions, rows: height, count: width,
        residues: (rows.residues, columns.residues), source: sums.bases[0] + source,
        sourcePitch: pitch, between: sums.bases[1] - sums.bases[0],
        target: plan.streams ? sums.rest : target,
        targetPitch: plan.streams ? width : columns.extent))
    if plan.streams { write(sums.rest, width, height, width, to: target, columns.extent) }
  }

  /// Copies rows, past the caches if the plan says so.
  private func write(
    _ source: UnsafePointer<S>, _ pitch: Int, _ rows: Int, _ width: Int,
    to target: UnsafeMutablePointer<S>, _ targetPitch: Int
  ) {
    guard plan.streams else {
      // Rows without a gap on either side are one.
      let isOne = pitch == width && targetPitch == width
      S.moveRows(
        RowMove(
          instructions: product.instructions, rows: isOne ? 1 : rows,
          count: isOne ? rows * width : width, source: source, sourcePitch: pitch, target: target,
          targetPitch: targetPitch))
      return
    }
    // Rows that leave no gap are one run.
    let runs = targetPitch == width ? 1 : rows
    for run in 0..<runs {
      S.streamRows(
        RowStream(
          rows: rows / runs, width: width, source: source + run * pitch, sourcePitch: pitch,
          target: target + run * targetPitch))
    }
  }
}
