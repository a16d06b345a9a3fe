internal import Tensors

/// Where the outputs of a product go on one axis: index = stride · u + offset.
struct TargetAxis: Sendable {
  let extent: Int
  let stride: Int
  let offset: Int

  /// All windows of an axis.
  init(windowsOf axis: WindowAxis) { (extent, stride, offset) = (axis.output, 1, 0) }

  /// The cells of an axis that lie in one stride phase.
  init(phase: Int, of axis: WindowAxis) {
    (extent, stride, offset) = (axis.extent, axis.stride, phase)
  }

  /// How many indices there are.
  var count: Int { max(0, (extent - offset + stride - 1) / stride) }
}

/// Y[n, m, z, y, x] = bias[m] + Σ_{c,t} A[m, (c,t)] · X[n, c, plane_t(z), row_t(y), column_t(x)].
///
/// A matrix product whose right operand, the unfolded source, is never built: a task copies the
/// rows that its outputs need, padded and split by stride phase, into scratch memory of the size
/// of a cache, and the tiles read shifted lines of it. Each output is owned by one task. The sum
/// runs over blocks of terms; a block is one chain of fused multiply-adds, and the blocks are
/// added in order.
struct ShiftedProduct<S: KernelScalar> {
  let planes: SourcePlanes
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
    let blocks = ReductionBlocks(channels: channels, taps: planes.taps.count)
    let packed = PackedWeights(
      weights, view, groups: groups, rows: rows, taps: planes.taps.map(\.kernel), blocks: blocks,
      panelRows: instructions.tileRows(vectors: vectors))
    let plan = BandPlan(self, blocks: blocks)
    plan.notePaths(blocks)
    nonisolated(unsafe) let (x, b, y) = (source, bias, result)
    Parallel.forEach(plan.tasks) { task in
      let range = plan.bands(of: task)
      packed.elements.withUnsafeBufferPointer { a in
        guard let a = a.baseAddress else { return }
        Scratch.with(plan.scratch, of: S.self) { scratch in
          var worker = BandWorker(self, plan, packed, a, bias: b, scratch: scratch)
          for index in range { worker.compute(plan.band(index), x, y) }
        }
      }
    }
  }

  /// The planes of all samples that are computed.
  var images: Int { batch * targetDepth.count }

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
        for u in 0..<targetRows.count {
          let row = targetRows.offset + u * targetRows.stride
          let line = plane + row * targetColumns.extent + targetColumns.offset
          for v in 0..<targetColumns.count { line[v * targetColumns.stride] = value }
        }
      }
    }
  }
}
