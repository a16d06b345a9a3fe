internal import Tensors

/// A convolution whose lanes are filters.
///
/// The rows of its tiles are positions, wherever they lie: there are no gaps between the rows of
/// small images, and neighbours may be a stride apart. So cells are neither picked nor joined; only
/// where a window leaves the source are rows copied, with zeros beside them. Each output is the same
/// chain of multiply-adds as in a `BandWorker`.
struct FilterProduct<S: KernelScalar> {
  /// Outputs that are computed from the same taps.
  struct Residue: Sendable {
    let taps: [SourcePlanes.Tap]
    /// None, if no tap reaches these outputs.
    let weights: FilterWeights<S>?
  }

  let product: ShiftedProduct<S>
  let plan: FilterPlan
  let residues: [Residue]

  init(_ product: ShiftedProduct<S>, _ weights: UnsafePointer<S>, _ view: WeightView) {
    self.product = product
    let taps = product.tapsOfResidues
    plan = FilterPlan(product, residues: taps.count)
    residues = zip(taps, product.blocksOfResidues(taps)).map { own, blocks in
      guard let blocks else { return Residue(taps: [], weights: nil) }
      return Residue(
        taps: own,
        weights: FilterWeights(
          weights, view, groups: product.groups, filters: product.rows, taps: own.map(\.kernel),
          blocks: blocks, instructions: product.instructions))
    }
  }

  func run(
    _ source: UnsafePointer<S>, bias: UnsafePointer<S>?, result: UnsafeMutablePointer<S>
  ) {
    KernelPath.note(plan.readsInPlace ? .filtersReadInPlace : .filtersOfCopies)
    KernelPath.note(.filtersInterleaved, when: residues.count > 1)
    KernelPath.note(.filtersInParts, when: plan.partCut.count > 1)
    nonisolated(unsafe) let (source, bias, result) = (source, bias, result)
    let parts = plan.partCut.count
    Parallel.forEach(product.groups * plan.rowCut.count * parts) { task in
      let (rest, part) = task.quotientAndRemainder(dividingBy: parts)
      let (group, band) = rest.quotientAndRemainder(dividingBy: plan.rowCut.count)
      let segments = RowSegment.cut(plan.rowCut[band], height: product.targetRows.count)
      FilterBand(self, group: group, segments: segments, panels: plan.partCut[part])
        .compute(source, bias, result)
    }
  }
}
