internal import CKernels

/// What is read of the source itself, without a copy or before it.
extension SourcePlanes {
  /// Whether so many outputs each read the cell of their own index, and all cells are read: a
  /// pointwise convolution.
  func areSource(rows outputRows: Int, columns outputColumns: Int) -> Bool {
    taps.count == 1 && depth.extent == 1 && depth.isIdentity && outputDepth == 1
      && rows.isIdentity && rows.extent == outputRows
      && columns.isIdentity && columns.extent == outputColumns
  }

  /// The cells of one plane of a channel.
  var area: Int { rows.extent * columns.extent }

  /// How many of the lines of so many neighbouring channels share a set of the first-level cache,
  /// whose sets repeat every 4 KiB.
  func linesOfOneSet<S>(_ channels: Int, of type: S.Type) -> Int {
    let bytes = area * MemoryLayout<S>.stride
    let step = min(4_096, bytes & -bytes)
    return channels * step / 4_096
  }

  /// Asks for what these segments read of the source: short stretches of many planes, which the
  /// processor does not foresee.
  func prefetch<S: KernelScalar>(
    _ source: UnsafePointer<S>, channels selected: Range<Int>, segments: [RowSegment],
    window: Range<Int>
  ) {
    let size = MemoryLayout<S>.stride
    for segment in segments {
      let (sample, u) = segment.image.quotientAndRemainder(dividingBy: outputDepth)
      let cells = rows.reach(segment.rows)
      guard let tap = depth.taps.first, let z = depth.index(tap, output: u), !cells.isEmpty,
        !selected.isEmpty
      else { continue }
      let row = cells.count == 1 ? columns.reach(window) : 0..<cells.count * columns.extent
      let channel = (sample * channels + selected.lowerBound) * depth.extent + z
      ck_prefetch(
        selected.count, row.count * size,
        source + (channel * area + cells.lowerBound * columns.extent + row.lowerBound),
        depth.extent * area * size)
    }
  }
}
