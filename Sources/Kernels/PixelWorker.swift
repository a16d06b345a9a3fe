/// Computes a band of a `PixelPlan` in one block of scratch memory.
struct PixelWorker<S: KernelScalar> {
  let product: ShiftedProduct<S>
  let plan: PixelPlan
  let weights: PackedWeights<S>
  let orders: [PixelOrder]
  let bias: UnsafePointer<S>?
  let scratch: UnsafeMutablePointer<S>

  /// The terms of a tile, and where their lines are.
  private struct TermList {
    let taps: UInt64
    var terms: [Int] = []
    var offsets: [Int] = []
  }

  func compute(
    _ index: Int, _ source: UnsafePointer<S>, _ result: UnsafeMutablePointer<S>
  ) {
    let band = plan.band(index)
    let order = orders[band.order]
    let own = plan.panels(of: band.part)
    guard let first = own.first.map({ plan.panels[$0].lowerBound }) else { return }
    let (channelSize, pitch) = (plan.channelSize(order, product), plan.pitch(order, of: S.self))
    let lines = scratch + plan.blocks.mostChannels * channelSize + 64
    // Where row 0 of the product would be.
    let sums = lines + plan.blocks.longest * pitch + 64 - first * pitch
    let lists = termLists(order, pitch: pitch)
    for index in 0..<plan.blocks.count {
      let block = plan.blocks[index]
      let channels = plan.blocks.channels(block)
      copy(channels, band, order, source, channelSize: channelSize)
      gather(channels.count, order, channelSize: channelSize, to: lines, pitch: pitch)
      for (tile, list) in zip(order.tiles, lists.ofTiles) {
        let terms = lists.distinct[list]
        multiply(
          tile, terms, channels: channels.count, block, own, band.group, lines, sums, pitch: pitch,
          accumulates: index > 0)
      }
    }
    copyOut(band, order, sums, pitch: pitch, staging: lines, result)
  }

  /// The terms of each tile of the longest block; a shorter one has the first of them.
  private func termLists(
    _ order: PixelOrder, pitch: Int
  ) -> (distinct: [TermList], ofTiles: [Int]) {
    var lists: [TermList] = []
    let count = plan.blocks.taps
    let ofTiles = order.tiles.map { tile in
      if let index = lists.firstIndex(where: { $0.taps == tile.taps }) { return index }
      var list = TermList(taps: tile.taps)
      for term in 0..<plan.blocks.longest where tile.taps & 1 << (term % count) != 0 {
        list.terms.append(term)
        list.offsets.append(term * pitch)
      }
      lists.append(list)
      return lists.count - 1
    }
    return (lists, ofTiles)
  }

  /// Copies the rows of the channels with the images as the innermost axis.
  private func copy(
    _ channels: Range<Int>, _ band: PixelPlan.Band, _ order: PixelOrder,
    _ source: UnsafePointer<S>, channelSize: Int
  ) {
    let planes = product.planes
    let (area, width) = (planes.area, planes.columns.extent)
    let first = band.images.lowerBound * planes.channels + band.group * product.channels
    for (index, channel) in channels.enumerated() {
      S.transpose(
        Transposition(
          instructions: product.instructions, rows: order.images,
          columns: order.sourceRows.count * width,
          source: source + (first + channel) * area + order.sourceRows.lowerBound * width,
          sourcePitch: planes.channels * area, target: scratch + index * channelSize,
          targetPitch: order.images))
    }
  }

  /// Puts the lines of all terms of so many channels together.
  private func gather(
    _ channels: Int, _ order: PixelOrder, channelSize: Int, to lines: UnsafeMutablePointer<S>,
    pitch: Int
  ) {
    for channel in 0..<channels {
      for (tap, runs) in order.runs.enumerated() {
        runs.withUnsafeBufferPointer { runs in
          guard let first = runs.baseAddress else { return }
          S.gather(
            RunCopy(
              instructions: product.instructions, runs: first, count: runs.count,
              source: scratch + channel * channelSize,
              target: lines + (channel * plan.blocks.taps + tap) * pitch))
        }
      }
    }
  }

  /// Multiplies a tile's terms of a block.
  private func multiply(
    _ tile: PixelOrder.Tile, _ list: TermList, channels: Int, _ block: Range<Int>,
    _ panels: Range<Int>, _ group: Int, _ lines: UnsafePointer<S>,
    _ sums: UnsafeMutablePointer<S>, pitch: Int, accumulates: Bool
  ) {
    let start = tile.positions.lowerBound
    list.terms.withUnsafeBufferPointer { terms in
      list.offsets.withUnsafeBufferPointer { offsets in
        weights.elements.withUnsafeBufferPointer { packed in
          guard let terms = terms.baseAddress, let offsets = offsets.baseAddress,
            let packed = packed.baseAddress
          else { return }
          for panel in panels {
            let range = plan.panels[panel]
            let place = sums + range.lowerBound * pitch + start
            S.productTile(
              ProductTile(
                instructions: product.instructions, rows: range.count,
                vectors: plan.vectors.count(for: tile.positions.count),
                a: packed + weights.offset(group: group, block: block, panel: panel),
                b: lines + start, offsets: offsets, terms: terms,
                count: channels * tile.taps.nonzeroBitCount, c: place, pitch: pitch,
                columns: tile.positions.count, sums: accumulates ? UnsafePointer(place) : nil,
                sumsPitch: pitch, streams: false,
                bias: bias.map { $0 + group * product.rows + range.lowerBound }))
          }
        }
      }
    }
  }

  /// Puts the pixels into the order of the result, and the images apart.
  private func copyOut(
    _ band: PixelPlan.Band, _ order: PixelOrder, _ sums: UnsafePointer<S>, pitch: Int,
    staging: UnsafeMutablePointer<S>, _ result: UnsafeMutablePointer<S>
  ) {
    let first =
      result + product.resultPlane(image: band.images.lowerBound, group: band.group)
      + band.rows.lowerBound * product.targetColumns.extent
    let panels = plan.panels(of: band.part)
    order.results.withUnsafeBufferPointer { runs in
      guard let base = runs.baseAddress else { return }
      for panel in panels {
        for m in plan.panels[panel] {
          S.gather(
            RunCopy(
              instructions: product.instructions, runs: base, count: runs.count,
              source: sums + m * pitch, target: staging))
          S.transpose(
            Transposition(
              instructions: product.instructions, rows: order.pixels.count, columns: order.images,
              source: staging, sourcePitch: order.images, target: first + m * product.resultPitch,
              targetPitch: product.groups * product.rows * product.resultPitch))
        }
      }
    }
  }
}
