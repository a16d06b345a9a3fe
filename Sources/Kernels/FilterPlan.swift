/// How a product whose lanes are filters is cut into bands and parts: by the shape alone.
struct FilterPlan: Sendable {
  /// Bytes that a band may take of the second-level cache.
  private static let budget = 384 << 10
  /// Multiplications below which a task is not worth handing out.
  private static let smallestTask = 1 << 20
  /// Lines of the first-level cache that share a set.
  private static let firstLevelWays = 8
  /// Bytes of a plane of which cells a stride apart are read.
  private static let largestPickedPlane = 8 << 10
  /// Cells of a plane of a pointwise convolution: few vectors, of which the last is not full.
  private static let largestPointwisePlane = 256

  /// The source index of the first cell of each axis that output 0 reads; not positive.
  let first: (row: Int, column: Int)
  /// Cells of an axis from the first to the last that output 0 reads.
  let reach: (rows: Int, columns: Int)
  /// Whether windows stay within the source, which is then read where it is.
  let readsInPlace: Bool
  /// Panels of filters that a task takes.
  let partCut: Balanced
  /// Cuts the rows of outputs of all images.
  let rowCut: Balanced

  init<S>(_ product: ShiftedProduct<S>, residues: Int) {
    let planes = product.planes
    let (rows, columns) = (planes.rows, planes.columns)
    first = (min(0, rows.firstCell), min(0, columns.firstCell))
    reach = (rows.lastCell - first.row + 1, columns.lastCell - first.column + 1)
    readsInPlace = Self.readsInPlace(product)
    let size = MemoryLayout<S>.size
    let panels = Balanced(product.rows, limit: FilterWeights<S>.panelWidth).count
    partCut = Balanced(panels, limit: residues > 1 ? 2 : 4)
    let width = product.targetColumns.count
    let allRows = product.images * product.targetRows.count
    // Elements that a row of outputs takes: its sums, and its cells of the source.
    let pitch = columns.stride * (width - 1) + reach.columns
    let channels = max(1, ReductionBlocks.limit * residues / planes.taps.count)
    let perRow =
      width * partCut.longest * FilterWeights<S>.panelWidth * residues
      + (readsInPlace ? 0 : min(channels, product.channels) * rows.stride * pitch)
    let fitting = max(1, Self.budget / size / perRow)
    let shares = max(1, 8 / (partCut.count * product.groups))
    let work = product.rows / partCut.count * product.channels * planes.taps.count * width
    let fair = max((allRows + shares - 1) / shares, Self.smallestTask / max(work, 1), 1)
    rowCut = Balanced(allRows, limit: min(fitting, fair))
  }

  private static func readsInPlace<S>(_ product: ShiftedProduct<S>) -> Bool {
    let planes = product.planes
    let (rows, columns) = (planes.rows, planes.columns)
    return rows.firstCell >= 0 && columns.firstCell >= 0
      && rows.stride * (product.targetRows.count - 1) + rows.lastCell < rows.extent
      && columns.stride * (product.targetColumns.count - 1) + columns.lastCell < columns.extent
      && planes.linesOfOneSet(ReductionBlocks.limit / planes.taps.count, of: S.self)
        <= Self.firstLevelWays
  }

  /// Whether a product is faster with filters in its lanes than with positions.
  ///
  /// What it saves are copies: of every second cell, and of rows to join them. It needs filters
  /// enough to fill the lanes, and a result that is not written past the caches.
  static func fits<S>(_ product: ShiftedProduct<S>) -> Bool {
    let planes = product.planes
    let size = MemoryLayout<S>.size
    guard planes.depth.extent == 1, planes.outputDepth == 1, planes.depth.isIdentity,
      product.targetDepth.extent == 1, product.resultCount * size < BandPlan.largestCached,
      product.rows * 4 >= FilterWeights<S>.width(product.rows) * 3
    else { return false }
    let isStrided =
      planes.rows.stride * planes.columns.stride * product.targetRows.stride
      * product.targetColumns.stride > 1
    guard planes.taps.count == 1 else { return isStrided || readsInPlace(product) }
    // One cell of each channel: the lines of large planes would be read for few cells each.
    return isStrided
      ? planes.area * size <= largestPickedPlane : planes.area <= largestPointwisePlane
  }
}

extension SourceAxis {
  /// The first source index that a tap reads for output 0.
  var firstCell: Int { taps.lazy.map { stride * $0.shift + $0.phase }.min() ?? 0 }
  /// The last one.
  var lastCell: Int { taps.lazy.map { stride * $0.shift + $0.phase }.max() ?? 0 }
}
