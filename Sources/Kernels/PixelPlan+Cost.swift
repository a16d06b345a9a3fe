// What leaving out taps costs, and what the other way does: for one channel, in the time that a vector of
// 64 bytes takes for one row.

extension PixelPlan {
  private func perVector<S>(_ product: ShiftedProduct<S>) -> Double {
    Double(vectors.lanes * MemoryLayout<S>.size * product.rows) / 64
  }

  /// The vectors of all positions side by side.
  private func vectorCount<S>(_ product: ShiftedProduct<S>) -> Int {
    let positions = product.images * product.targetRows.count * product.targetColumns.count
    return (positions + vectors.lanes - 1) / vectors.lanes
  }

  /// The share of all terms that lie inside of the source.
  static func shareInside<S>(_ product: ShiftedProduct<S>) -> Double {
    let planes = product.planes
    return planes.rows.shareInside(product.targetRows.count)
      * planes.columns.shareInside(product.targetColumns.count)
  }

  /// The least that any order takes: the terms inside of the source.
  func leastCost<S>(_ product: ShiftedProduct<S>) -> Double {
    Double(vectorCount(product) * product.planes.taps.count) * Self.shareInside(product)
      * perVector(product)
  }

  /// What this plan takes, with its copies.
  func cost<S>(_ product: ShiftedProduct<S>) -> Double {
    let multiplied = orders.reduce(0) { $0 + $1.cost(vectors) }
    let gathered = orders.reduce(0) { $0 + $1.gatheringCost(of: S.self) }
    let copied = orders.reduce(0) {
      $0 + $1.sourceRows.count * product.planes.columns.extent * $1.images
    }
    return Double(multiplied) * perVector(product) + Double(parts * (gathered + copied))
  }

  /// What tiles of all taps take.
  func otherCost<S>(_ product: ShiftedProduct<S>) -> Double {
    let planes = product.planes
    let (height, width) = (product.targetRows.count, product.targetColumns.count)
    let layout = LineLayout(product)
    let line = layout == .gapped ? width + planes.columns.span : width
    let ofImage = ((height - 1) * line + width + vectors.lanes - 1) / vectors.lanes
    let all = layout == .compact ? vectorCount(product) : ofImage * product.images
    // See LineLayout: a row is copied at five elements in one, after five to eight; elements that are
    // a stride apart take one each.
    let compacted =
      layout == .compact ? product.images * height * planes.taps.count * (5 + width / 5) : 0
    let copies = layout == .split ? planes.splitPhaseCount : planes.phases.count
    let rows = copies * product.images * (height + planes.rows.span)
    let row = 8 + Double(width) * (planes.columns.stride > 1 ? 1 : 0.2)
    return Double(all * planes.taps.count) * perVector(product)
      + Double(parts) * (Double(compacted) + Double(rows) * row)
  }
}
