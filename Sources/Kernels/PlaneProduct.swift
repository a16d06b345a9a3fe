internal import Tensors

/// A product with few channels on both sides, depthwise convolutions above all.
///
/// There is nothing to reuse a weight for but positions, so these are the lanes of the vectors, and
/// the work goes plane by plane. Each output is the same chain of multiply-adds as in a tile.
struct PlaneProduct<S: KernelScalar> {
  private let product: ShiftedProduct<S>
  private let bands: PlaneBands
  /// The weights as [group][row][channel, tap].
  private let weights: [S]
  private var terms: Int { product.channels * product.planes.taps.count }
  /// Multiplications below which a task is not worth handing out.
  private static var smallestTask: Int { 1 << 19 }

  /// Whether a product is worth computing plane by plane.
  static func fits(_ product: ShiftedProduct<S>) -> Bool {
    product.groups >= 8 && product.rows <= 2 && product.channels <= 2
      && product.channels * product.planes.taps.count <= ReductionBlocks.limit
  }

  init(_ product: ShiftedProduct<S>, _ weights: UnsafePointer<S>, _ view: WeightView) {
    self.product = product
    let taps = product.planes.taps
    bands = PlaneBands(
      product.planes, channels: product.channels, rows: product.targetRows.count,
      columns: product.targetColumns.count, of: S.self)
    let (rows, terms) = (product.rows, product.channels * taps.count)
    self.weights = [S](count: product.groups * rows * terms) { index in
      let (group, rest) = index.quotientAndRemainder(dividingBy: rows * terms)
      let (channel, tap) = (rest % terms).quotientAndRemainder(dividingBy: taps.count)
      return weights[
        group * view.groupStride + rest / terms * view.rowStride + channel * view.channelStride
          + taps[tap].kernel]
    }
  }

  func run(
    _ source: UnsafePointer<S>, bias: UnsafePointer<S>?, result: UnsafeMutablePointer<S>
  ) {
    KernelPath.note(isDense ? .planesInPlace : .planesSpread)
    KernelPath.note(.planesCut, when: bands.count > 1)
    let planes = product.images * product.groups
    let positions = product.targetRows.count * product.targetColumns.count
    let perTask = max(1, Self.smallestTask / (positions * product.rows * terms))
    let buffer = isDense ? 0 : bands.rowCut.longest * bands.columnCut.longest
    nonisolated(unsafe) let (source, bias, result) = (source, bias, result)
    Parallel.forEach((planes + perTask - 1) / perTask) { task in
      let range = task * perTask..<min(planes, (task + 1) * perTask)
      Scratch.with(bands.scratch + buffer, of: S.self) { scratch in
        compute(range, source, bias, result, scratch)
      }
    }
  }

  /// Whether neighbouring outputs are neighbours in the result.
  private var isDense: Bool { product.targetColumns.stride == 1 }

  /// Computes planes, counted through all images and groups.
  private func compute(
    _ range: Range<Int>, _ source: UnsafePointer<S>, _ bias: UnsafePointer<S>?,
    _ result: UnsafeMutablePointer<S>, _ scratch: UnsafeMutablePointer<S>
  ) {
    let channels = product.channels
    for band in 0..<bands.count {
      let part = bands[band]
      let width = part.columns.count
      let offsets = bands.offsets(product.planes, channels: channels, columns: width)
      var next = range.lowerBound
      while next < range.upperBound {
        let (image, group) = next.quotientAndRemainder(dividingBy: product.groups)
        let end = min(product.groups, group + min(bands.batch, range.upperBound - next))
        product.planes.copy(
          source, channels: group * channels..<end * channels,
          segment: RowSegment(image: image, rows: part.rows), window: part.columns, to: scratch,
          planeSize: bands.planeSize, product.instructions)
        for index in group..<end {
          let copies = scratch + (index - group) * bands.groupSize
          multiply(image, index, part, offsets, copies, bias, result, scratch + bands.scratch)
        }
        next += end - group
      }
    }
  }

  /// Computes the outputs of one group in a band.
  @inline(__always)
  private func multiply(
    _ image: Int, _ group: Int, _ part: (rows: Range<Int>, columns: Range<Int>), _ offsets: [Int],
    _ copies: UnsafePointer<S>, _ bias: UnsafePointer<S>?, _ result: UnsafeMutablePointer<S>,
    _ buffer: UnsafeMutablePointer<S>
  ) {
    let width = part.columns.count
    offsets.withUnsafeBufferPointer { offsets in
      weights.withUnsafeBufferPointer { weights in
        guard let first = offsets.baseAddress, let w = weights.baseAddress else { return }
        for m in 0..<product.rows {
          let place = self.place(image, group, m, part, result)
          let row = group * product.rows + m
          S.planeTile(
            PlaneTile(
              instructions: product.instructions, rows: part.rows.count, columns: width,
              source: copies, pitch: product.planes.pitch(width), offsets: first,
              weights: w + row * terms, count: terms, c: isDense ? place.base : buffer,
              cPitch: isDense ? place.pitch : width, bias: bias?[row] ?? 0))
          if !isDense { spread(buffer, part, to: place.base, pitch: place.pitch) }
        }
      }
    }
  }

  /// Where the outputs of a band go, and the distance between two of their rows.
  @inline(__always)
  private func place(
    _ image: Int, _ group: Int, _ m: Int, _ part: (rows: Range<Int>, columns: Range<Int>),
    _ result: UnsafeMutablePointer<S>
  ) -> (base: UnsafeMutablePointer<S>, pitch: Int) {
    let (rows, columns) = (product.targetRows, product.targetColumns)
    let row = rows.offset + part.rows.lowerBound * rows.stride
    let column = columns.offset + part.columns.lowerBound * columns.stride
    let plane = result + product.resultPlane(image: image, group: group) + m * product.resultPitch
    return (plane + row * columns.extent + column, rows.stride * columns.extent)
  }

  /// Copies finished rows to places that are a stride apart.
  private func spread(
    _ source: UnsafePointer<S>, _ part: (rows: Range<Int>, columns: Range<Int>),
    to target: UnsafeMutablePointer<S>, pitch: Int
  ) {
    let (width, stride) = (part.columns.count, product.targetColumns.stride)
    for row in 0..<part.rows.count {
      let (from, to) = (source + row * width, target + row * pitch)
      for column in 0..<width { to[column * stride] = from[column] }
    }
  }
}
