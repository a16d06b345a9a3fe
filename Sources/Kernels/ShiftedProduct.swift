internal import CKernels
internal import Tensors

/// Y[n, m, z, y, x] = bias[m] + Σ_{c,t} A[m, (c,t)] · X[n, c, plane_t(z), row_t(y), column_t(x)].
///
/// A matrix product whose right operand, the unfolded source, is never built: a task copies the
/// rows that its outputs need, padded and split by stride phase, into scratch memory of the size
/// of a cache, and the tiles read shifted lines of it. Each output is owned by one task. The sum
/// runs over blocks of terms; a block is one chain of fused multiply-adds, and the blocks are
/// added in order.
///
/// The outputs of a result with a stride fall into residues, each with taps of its own. They are
/// computed from the same copied rows and interleaved at the end.
struct ShiftedProduct<S: KernelScalar> {
  private(set) var planes: SourcePlanes
  let batch: Int
  let groups: Int
  /// Channels of the source in a group.
  let channels: Int
  /// Rows of the product: channels of the result in a group.
  let rows: Int
  let targetDepth: TargetAxis
  let targetRows: TargetAxis
  let targetColumns: TargetAxis
  let instructions: InstructionSet

  /// Computes all outputs; `result` is uninitialised where they go.
  func run(
    _ source: UnsafePointer<S>, _ weights: UnsafePointer<S>, _ view: WeightView,
    bias: UnsafePointer<S>?, result: UnsafeMutablePointer<S>
  ) {
    guard images > 0, targetRows.count > 0, targetColumns.count > 0 else { return }
    guard !planes.taps.isEmpty else {
      KernelPath.note(.unreachedOutputs)
      return fill(result, bias: bias)
    }
    guard !PlaneProduct.fits(self) else {
      return PlaneProduct(self, weights, view).run(source, bias: bias, result: result)
    }
    guard !FilterPlan.fits(self) else {
      return FilterProduct(self, weights, view).run(source, bias: bias, result: result)
    }
    if let plan = PixelPlan(self) {
      return runPixels(plan, source, weights, view, bias: bias, result: result)
    }
    var product = self
    if LineLayout(self) == .split {
      KernelPath.note(.bandsSplit)
      product.planes = planes.splittingColumns()
    }
    product.runTiles(source, weights, view, bias: bias, result: result)
  }

  private func runTiles(
    _ source: UnsafePointer<S>, _ weights: UnsafePointer<S>, _ view: WeightView,
    bias: UnsafePointer<S>?, result: UnsafeMutablePointer<S>
  ) {
    let residues = makeResidues(weights, view)
    let plan = BandPlan(self, residues)
    plan.notePaths(residues.compactMap(\.weights?.blocks))
    nonisolated(unsafe) let (x, b, y) = (source, bias, result)
    Parallel.forEach(plan.tasks) { task in
      let range = plan.bands(of: task)
      Scratch.with(plan.scratch, of: S.self) { scratch in
        var worker = BandWorker(self, plan, residues, bias: b, scratch: scratch)
        for index in range { worker.compute(plan.band(index), x, y) }
        if plan.streams { ck_stream_end() }
      }
    }
  }

  /// Without the taps that fall on padding, unless they count: 0 · ∞ is no number.
  ///
  /// A chain of multiply-adds that begins with +0 may become −0 where a product is too small for the
  /// format, and a term of +0 would change its sign: that shows if the bias is −0.
  private func runPixels(
    _ plan: PixelPlan, _ source: UnsafePointer<S>, _ weights: UnsafePointer<S>,
    _ view: WeightView, bias: UnsafePointer<S>?, result: UnsafeMutablePointer<S>
  ) {
    let packed = PackedWeights(
      weights, view, groups: groups, rows: rows, taps: planes.taps.map(\.kernel),
      blocks: plan.blocks, instructions: instructions, vectors: vectors, isChecking: true)
    let showsZeros =
      bias.map { bias in
        (0..<groups * rows).contains { bias[$0] == 0 && bias[$0].sign == .minus }
      } ?? false
    let orders = packed.areFinite && !showsZeros ? plan.orders : plan.ordersOfAllTaps(self)
    KernelPath.note(packed.areFinite && !showsZeros ? .tapsLeftOut : .paddingMultiplied)
    nonisolated(unsafe) let (x, b, y) = (source, bias, result)
    Parallel.forEach(plan.bandCount) { band in
      Scratch.with(plan.scratch(of: band, orders, self), of: S.self) { scratch in
        let worker = PixelWorker(
          product: self, plan: plan, weights: packed, orders: orders, bias: b, scratch: scratch)
        worker.compute(band, x, y)
      }
    }
  }

  /// Outputs that are computed from the same taps.
  struct Residue: Sendable {
    let taps: [SourcePlanes.Tap]
    /// None, if no tap reaches these outputs.
    let weights: PackedWeights<S>?
  }

  /// The residues, by row and column, with their weights.
  private func makeResidues(_ weights: UnsafePointer<S>, _ view: WeightView) -> [Residue] {
    let taps = tapsOfResidues
    return zip(taps, blocksOfResidues(taps)).map { own, blocks in
      guard let blocks else { return Residue(taps: [], weights: nil) }
      return Residue(
        taps: own,
        weights: PackedWeights(
          weights, view, groups: groups, rows: rows, taps: own.map(\.kernel), blocks: blocks,
          instructions: instructions, vectors: vectors))
    }
  }

  /// The taps that reach the outputs of each residue, by row and column.
  var tapsOfResidues: [[SourcePlanes.Tap]] {
    let count = targetRows.residues * targetColumns.residues
    guard count > 1 else { return [planes.taps] }
    var taps = [[SourcePlanes.Tap]](repeating: [], count: count)
    for tap in planes.taps {
      taps[tap.residue.row * targetColumns.residues + tap.residue.column].append(tap)
    }
    return taps
  }

  /// How the sums of the residues are cut: the channels of all alike; none where no tap reaches.
  func blocksOfResidues(_ taps: [[SourcePlanes.Tap]]) -> [ReductionBlocks?] {
    let mostTaps = taps.reduce(1) { max($0, $1.count) }
    return taps.map { own in
      if own.isEmpty { return nil }
      return taps.count == 1
        ? ReductionBlocks(channels: channels, taps: own.count)
        : ReductionBlocks(channels: channels, taps: own.count, mostTaps: mostTaps)
    }
  }

  /// The planes of all samples that are computed.
  var images: Int { batch * targetDepth.count }

  /// The elements of the result.
  var resultCount: Int { batch * groups * rows * resultPitch }

  /// The distance between the same places of two rows of the product.
  var resultPitch: Int { targetDepth.extent * targetRows.extent * targetColumns.extent }

  /// Where the plane of an image starts in the result, for the first row of a group.
  func resultPlane(image: Int, group: Int) -> Int {
    let (sample, u) = image.quotientAndRemainder(dividingBy: targetDepth.count)
    let plane = targetDepth.offset + u * targetDepth.stride
    return (sample * groups + group) * rows * resultPitch
      + plane * targetRows.extent * targetColumns.extent
  }

  /// The width of a tile in vectors: few rows leave registers for more columns.
  var vectors: Int { rows <= instructions.tileRows(vectors: 4) ? 4 : 2 }

  /// Outputs that no tap reaches: the bias alone.
  private func fill(_ result: UnsafeMutablePointer<S>, bias: UnsafePointer<S>?) {
    nonisolated(unsafe) let (result, bias) = (result, bias)
    Parallel.forEach(images * groups) { task in
      let (image, group) = task.quotientAndRemainder(dividingBy: groups)
      for m in 0..<rows {
        let value = bias.map { $0[group * rows + m] } ?? 0
        let plane = result + resultPlane(image: image, group: group) + m * resultPitch
        guard targetRows.residues * targetColumns.residues == 1 else {
          plane.update(repeating: value, count: targetRows.extent * targetColumns.extent)
          continue
        }
        for u in 0..<targetRows.count {
          let row = targetRows.offset + u * targetRows.stride
          let line = plane + row * targetColumns.extent + targetColumns.offset
          for v in 0..<targetColumns.count { line[v * targetColumns.stride] = value }
        }
      }
    }
  }
}
