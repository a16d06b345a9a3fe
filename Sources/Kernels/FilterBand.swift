/// Some rows of outputs and some panels of filters of a product whose lanes are filters.
struct FilterBand<S: KernelScalar> {
  let work: FilterProduct<S>
  let group: Int
  let segments: [RowSegment]
  let filters: Range<Int>
  /// The sums of a position: the filters, rounded up to whole vectors.
  let width: Int
  /// The distance between two rows and between two channels of what the tiles read.
  let pitch: Int
  let planeSize: Int

  var product: ShiftedProduct<S> { work.product }
  var plan: FilterPlan { work.plan }

  init(_ work: FilterProduct<S>, group: Int, segments: [RowSegment], panels: Range<Int>) {
    self.work = work
    self.group = group
    self.segments = segments
    let panel = FilterWeights<S>.panelWidth
    filters = panels.lowerBound * panel..<min(work.product.rows, panels.upperBound * panel)
    width = FilterWeights<S>.width(filters.count)
    let planes = work.product.planes
    if work.plan.readsInPlace {
      pitch = planes.columns.extent
      planeSize = planes.area
    } else {
      let columns = work.product.targetColumns.count
      pitch = planes.columns.stride * (columns - 1) + work.plan.reach.columns
      let height = segments.reduce(0) { $0 + Self.height($1, work) }
      planeSize = planes.planeSize(height: height, pitch: pitch, of: S.self)
    }
  }

  /// The rows that the windows of a segment read.
  private static func height(_ segment: RowSegment, _ work: FilterProduct<S>) -> Int {
    work.product.planes.rows.stride * (segment.rows.count - 1) + work.plan.reach.rows
  }

  func compute(
    _ source: UnsafePointer<S>, _ bias: UnsafePointer<S>?, _ result: UnsafeMutablePointer<S>
  ) {
    let places = makePlaces()
    let blocks = work.residues.compactMap(\.weights?.blocks)
    let count = blocks.reduce(0) { max($0, $1.count) }
    let copied =
      plan.readsInPlace ? 0 : blocks.reduce(0) { max($0, $1.mostChannels) } * planeSize
    let size = places.count * width
    let longest = segments.reduce(0) { max($0, $1.rows.count) } * product.targetColumns.count
    let staged = work.residues.count > 1 ? work.residues.count * longest * filters.count : 0
    Scratch.with(copied + width + work.residues.count * size + staged, of: S.self) { scratch in
      let before = scratch + copied
      let sums = before + width
      for (index, filter) in filters.enumerated() {
        before[index] = bias.map { $0[group * product.rows + filter] } ?? 0
      }
      (before + filters.count).update(repeating: 0, count: width - filters.count)
      for index in 0..<count {
        var channels = 0..<0
        for (number, residue) in work.residues.enumerated() {
          guard let weights = residue.weights else { continue }
          let block = weights.blocks[index]
          let isFirst = channels.isEmpty
          channels = weights.blocks.channels(block)
          let base = group * product.channels + channels.lowerBound
          if isFirst, !plan.readsInPlace {
            copy(source, base..<base + channels.count, to: scratch)
          }
          let own = sums + number * size
          multiply(
            block, weights, plan.readsInPlace ? source + base * planeSize : UnsafePointer(scratch),
            places, offsets(residue.taps, block, channels.lowerBound), own,
            before: index == 0 ? (UnsafePointer(before), 0) : (UnsafePointer(own), width))
        }
      }
      put(sums, size, before: before, staged: sums + work.residues.count * size, to: result)
    }
  }

  /// Where the window of each position starts.
  private func makePlaces() -> [Int] {
    let planes = product.planes
    let (rows, columns) = (planes.rows, planes.columns)
    let count = product.targetColumns.count
    var places: [Int] = []
    places.reserveCapacity(segments.reduce(0) { $0 + $1.rows.count } * count)
    var row = 0
    for segment in segments {
      var line = row * pitch
      if plan.readsInPlace {
        line =
          segment.image * planes.channels * planeSize
          + segment.rows.lowerBound * rows.stride * pitch
      }
      for _ in segment.rows {
        for column in 0..<count { places.append(line + column * columns.stride) }
        line += rows.stride * pitch
      }
      row += Self.height(segment, work)
    }
    return places
  }

  /// Where each term lies within the window.
  private func offsets(
    _ taps: [SourcePlanes.Tap], _ block: Range<Int>, _ firstChannel: Int
  ) -> [Int] {
    let cells = taps.map { product.planes.cell($0, from: plan.first, pitch: pitch) }
    return block.map { term in
      let (channel, tap) = term.quotientAndRemainder(dividingBy: cells.count)
      return (channel - firstChannel) * planeSize + cells[tap]
    }
  }

  /// Copies what the windows read of some channels, with zeros beside it.
  private func copy(
    _ source: UnsafePointer<S>, _ channels: Range<Int>, to scratch: UnsafeMutablePointer<S>
  ) {
    let planes = product.planes
    let (rows, columns) = (planes.rows, planes.columns)
    let before = min(pitch, -plan.first.column)
    let count = max(0, min(pitch - before, columns.extent))
    var row = 0
    for segment in segments {
      let top = segment.rows.lowerBound * rows.stride + plan.first.row
      let all = top..<top + Self.height(segment, work)
      let inside = all.clamped(to: 0..<rows.extent)
      let above = inside.isEmpty ? all.count : inside.lowerBound - all.lowerBound
      for (index, channel) in channels.enumerated() {
        let plane = source + (segment.image * planes.channels + channel) * planes.area
        S.copyRows(
          RowCopy(
            instructions: product.instructions, above: above, rows: inside.count,
            below: all.count - above - inside.count, before: before, count: count,
            after: pitch - before - count,
            source: plane + inside.lowerBound * columns.extent, sourcePitch: columns.extent,
            stride: 1, target: scratch + index * planeSize + row * pitch))
      }
      row += all.count
    }
  }

  /// Multiplies one block of terms into all positions.
  private func multiply(
    _ block: Range<Int>, _ weights: FilterWeights<S>, _ source: UnsafePointer<S>,
    _ places: [Int], _ offsets: [Int], _ sums: UnsafeMutablePointer<S>,
    before: (base: UnsafePointer<S>, pitch: Int)
  ) {
    let lanes = product.instructions.lanes(S.self)
    let cut = Balanced(places.count, limit: product.instructions.correlationRows)
    let starts = stride(from: 0, to: width, by: 2 * lanes)
    places.withUnsafeBufferPointer { places in
      offsets.withUnsafeBufferPointer { offsets in
        weights.elements.withUnsafeBufferPointer { elements in
          guard let places = places.baseAddress, let offsets = offsets.baseAddress,
            let elements = elements.baseAddress
          else { return }
          func tile(_ index: Int, _ start: Int) {
            let rows = cut[index]
            let within = start % FilterWeights<S>.panelWidth
            let panel = weights.panel(
              group: group, block: block, first: filters.lowerBound + start - within)
            S.filterTile(
              FilterTile(
                instructions: product.instructions, rows: rows.count,
                vectors: min(2, (panel.width - within) / lanes), source: source,
                places: places + rows.lowerBound, offsets: offsets, count: block.count,
                weights: elements + panel.offset + within, weightsPitch: panel.width,
                c: sums + rows.lowerBound * width + start, pitch: width,
                sums: before.base + rows.lowerBound * before.pitch + start,
                sumsPitch: before.pitch))
          }
          // What is read a line at a time comes first: cells where they are, or weights.
          if plan.readsInPlace {
            for index in 0..<cut.count { for start in starts { tile(index, start) } }
          } else {
            for start in starts { for index in 0..<cut.count { tile(index, start) } }
          }
        }
      }
    }
  }

  /// Turns the sums from positions to planes of filters, and puts the residues together.
  private func put(
    _ sums: UnsafePointer<S>, _ size: Int, before: UnsafePointer<S>,
    staged: UnsafeMutablePointer<S>, to result: UnsafeMutablePointer<S>
  ) {
    let (rows, columns) = (product.targetRows, product.targetColumns)
    var start = 0
    for segment in segments {
      let count = segment.rows.count * columns.count
      let top = segment.rows.lowerBound * rows.stride
      let target =
        result + product.resultPlane(image: segment.image, group: group)
        + filters.lowerBound * product.resultPitch + top * columns.extent
      let turns = work.residues.count == 1
      for (number, residue) in work.residues.enumerated() {
        let plane = staged + number * filters.count * count
        guard residue.weights != nil else {
          for index in 0..<filters.count {
            (plane + index * count).update(repeating: before[index], count: count)
          }
          continue
        }
        S.transpose(
          Transposition(
            instructions: product.instructions, rows: count, columns: filters.count,
            source: sums + number * size + start * width, sourcePitch: width,
            target: turns ? target : plane, targetPitch: turns ? product.resultPitch : count))
      }
      if !turns {
        for index in 0..<filters.count {
          S.interleave(
            Interleaving(
              instructions: product.instructions,
              rows: min(rows.extent - top, segment.rows.count * rows.stride),
              count: columns.extent, residues: (rows.residues, columns.residues),
              source: staged + index * count, sourcePitch: columns.count,
              between: filters.count * count, target: target + index * product.resultPitch,
              targetPitch: columns.extent))
        }
      }
      start += count
    }
  }
}

extension SourcePlanes {
  /// Where a tap reads, counted from a cell.
  fileprivate func cell(_ tap: Tap, from first: (row: Int, column: Int), pitch: Int) -> Int {
    let (p, q) = (tap.kernel / columns.kernel % rows.kernel, tap.kernel % columns.kernel)
    return (rows.cell(kernel: p) - first.row) * pitch + columns.cell(kernel: q) - first.column
  }
}
