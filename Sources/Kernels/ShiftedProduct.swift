internal import Tensors

/// Where the outputs of a product go on one axis: index = stride · u + offset.
struct TargetAxis: Sendable {
  let extent: Int
  let stride: Int
  let offset: Int

  /// How many indices there are.
  var count: Int { max(0, (extent - offset + stride - 1) / stride) }
}

/// Y[n, m, y, x] = bias[m] + Σ_{c,t} A[m, (c,t)] · X[n, c, row_t(y), column_t(x)].
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
  let targetRows: TargetAxis
  let targetColumns: TargetAxis
  let instructions: InstructionSet

  /// Computes all outputs; `result` is uninitialised where they go.
  func run(
    _ source: UnsafePointer<S>, _ weights: UnsafePointer<S>, _ view: WeightView,
    bias: UnsafePointer<S>?, result: UnsafeMutablePointer<S>
  ) {
    guard targetRows.count > 0, targetColumns.count > 0 else { return }
    guard !planes.taps.isEmpty else {
      return fill(result, bias: bias)
    }
    let blocks = ReductionBlocks(channels: channels, taps: planes.taps.count)
    let packed = PackedWeights(
      weights, view, groups: groups, rows: rows, taps: planes.taps.map(\.kernel), blocks: blocks,
      panelRows: instructions.tileRows(vectors: vectors))
    let plan = BandPlan(self, blocks: blocks)
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

  /// The width of a tile in vectors: few rows leave registers for more columns.
  var vectors: Int { rows <= instructions.tileRows(vectors: 4) ? 4 : 2 }

  /// Outputs that no tap reaches: the bias alone.
  private func fill(_ result: UnsafeMutablePointer<S>, bias: UnsafePointer<S>?) {
    let plane = targetRows.extent * targetColumns.extent
    let channels = groups * rows
    nonisolated(unsafe) let (result, bias) = (result, bias)
    Parallel.forEach(batch * groups) { task in
      for channel in task * rows..<(task + 1) * rows {
        let value = bias.map { $0[channel % channels] } ?? 0
        for u in 0..<targetRows.count {
          let row = targetRows.offset + u * targetRows.stride
          let line = result + channel * plane + row * targetColumns.extent + targetColumns.offset
          for v in 0..<targetColumns.count { line[v * targetColumns.stride] = value }
        }
      }
    }
  }
}
