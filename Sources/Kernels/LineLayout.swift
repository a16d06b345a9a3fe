/// How the lines that tiles read lie in the copied rows.
///
/// A tile reads a line across the ends of rows, and with it the cells between them, which the taps
/// beside the output need. What it computes there is thrown away.
enum LineLayout {
  /// One copy for all taps, with the gaps.
  case gapped
  /// One copy for each shift of the columns, without gaps.
  case split
  /// One copy for each tap, also without the rows between two images.
  case compact

  /// Weighs the time spent in gaps against the time of copying them away.
  init<S>(_ product: ShiftedProduct<S>) {
    let planes = product.planes
    let (rows, columns) = (planes.rows.span, planes.gap)
    let (height, width) = (product.targetRows.count, product.targetColumns.count)
    let taps = planes.taps.count
    // In cycles for one output and channel: a tile of 128 bytes takes one for each of its rows and
    // each tap, a row is copied at five elements in one, after five to eight.
    let tile = 128 / MemoryLayout<S>.size
    let multiplying = Double(taps * product.rows) / Double(tile)
    func waste(gap: Int) -> Double {
      let touched = ((height - 1) * (width + gap) + width + tile - 1) / tile * tile
      return multiplying * (Double(touched) / Double(height * width) - 1)
    }
    let compacting = Double(taps) * (0.2 + 5 / Double(width))
    let copies = planes.splitsColumns ? 0 : planes.splitPhaseCount
    let splitting = Double(copies - planes.phases.count) * (0.2 + 8 / Double(width))
    let isSplit = columns > 0 && waste(gap: 0) + splitting < waste(gap: columns)
    let least = isSplit ? waste(gap: 0) + splitting : waste(gap: columns)
    if rows + columns > 0, compacting < least {
      self = .compact
    } else {
      self = isSplit ? .split : .gapped
    }
  }
}
