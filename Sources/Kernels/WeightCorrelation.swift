internal import Tensors

/// How the weight gradient is cut, by the shape alone.
///
/// The result is cut into tiles, the long sum over samples and positions into parts.
struct CorrelationPlan: Sendable {
  /// Multiplications below which a task is not worth handing out.
  private static let smallestTask = 1 << 18
  /// Multiplications below which a tile is not made narrower: each of them copies the gradient.
  private static let narrowestTile = 1 << 20

  /// Channels of the source that a task takes.
  let channelCut: Balanced
  /// Outputs that a task takes.
  let outputCut: Balanced
  /// Rows of outputs, counted through all planes of all samples, that are multiplied together.
  let rowCut: Balanced
  let columnCut: Balanced
  /// Parts of the sum that tasks work on side by side, added at the end in order.
  let partCut: Balanced
  let tasks: Int
  /// Tasks that are handed out together, lest they be too short.
  let grain: Int
  /// Whether the lanes of a vector are positions instead of outputs, of which there are too few.
  let overlaps: Bool

  init<S>(_ geometry: ConvolutionGeometry, of type: S.Type) {
    let size = MemoryLayout<S>.size
    let taps = geometry.taps
    overlaps = geometry.groupOutputs <= 32 / size
    // The sums of an overlap are spread over 64 bytes of lanes, so its chains may be longer.
    let positions = overlaps ? 16_384 / size : 256
    let terms = overlaps ? 8 * taps : 2_304 / size
    let widest = Balanced(geometry.groupInputs, limit: max(1, terms / taps))
    outputCut = Balanced(geometry.groupOutputs, limit: 1_024 / size)
    columnCut = Balanced(geometry.width.output, limit: positions)
    rowCut = Balanced(
      geometry.images * geometry.height.output, limit: max(1, positions / columnCut.longest))
    let tiles = geometry.groups * widest.count * outputCut.count
    let bands = rowCut.count * columnCut.count
    // At least eight tasks where there are so many bands, if the parts do not get too large.
    let room = max(1, (16 << 20) / (geometry.weightCount * size))
    let parts = max(1, min(8 / tiles, room, bands / 4))
    partCut = Balanced(bands, limit: (bands + parts - 1) / parts)
    // Four tasks at least, where a short sum has no parts: narrower tiles.
    let work = geometry.weightCount * geometry.outputArea * geometry.batch
    let pieces = max(1, min(4 / (tiles * partCut.count), work / Self.narrowestTile))
    channelCut = Balanced(geometry.groupInputs, limit: (widest.longest + pieces - 1) / pieces)
    tasks = geometry.groups * channelCut.count * outputCut.count * partCut.count
    grain = max(1, Self.smallestTask * tasks / max(work, 1))
  }

  /// Notes the ways that the plan takes.
  func notePaths() {
    KernelPath.note(overlaps ? .correlationOverPositions : .correlationOverOutputs)
    KernelPath.note(.correlationInParts, when: partCut.count > 1)
    KernelPath.note(.correlationOfSomeChannels, when: channelCut.count > 1)
    KernelPath.note(.correlationOfSomeOutputs, when: outputCut.count > 1)
    KernelPath.note(.correlationOfSomeColumns, when: columnCut.count > 1)
  }
}

/// dW[o,i,p] = Σ_{n,y} g[n,o,y] · X[n, i, yS + pD − P].
///
/// A product with a long sum. The tiles read lines of the padded, phase-split source and panels of
/// the gradient with the outputs side by side. A band of about 256 positions is one chain of fused
/// multiply-adds; bands are added in order within a part, and the parts in order at the end.
struct WeightCorrelation<S: KernelScalar> {
  let geometry: ConvolutionGeometry
  let planes: SourcePlanes
  let plan: CorrelationPlan
  let instructions: InstructionSet
  /// Whether the lines of the source are read where they are, if the outputs are the lanes: sums
  /// over positions read beyond the end of a line.
  let readsInPlace: Bool
  /// Whether the lines at which a row of the kernel falls on padding are left out.
  let leavesTapsOut: Bool
  /// The share of lines that must be multiplied, up to which leaving out the others pays.
  private static var largestShare: Double { 0.97 }

  init(_ geometry: ConvolutionGeometry) {
    self.geometry = geometry
    planes = SourcePlanes(forward: geometry)
    plan = CorrelationPlan(geometry, of: S.self)
    instructions = .current
    readsInPlace =
      planes.areSource(rows: 1, columns: geometry.width.output) && geometry.height.output == 1
      && !plan.overlaps
      && planes.linesOfOneSet(instructions.correlationRows, of: S.self) <= 4
    leavesTapsOut =
      !readsInPlace && !plan.overlaps
      && (TapSkipping.current == .wherePossible
        || TapSkipping.current == .whereItPays
          && planes.depth.shareInside(geometry.depth.output)
            * planes.rows.shareInside(geometry.height.output) < Self.largestShare)
  }

  func run(
    _ x: UnsafePointer<S>, _ dy: UnsafePointer<S>, result: UnsafeMutablePointer<S>
  ) {
    plan.notePaths()
    KernelPath.note(.correlationReadsInPlace, when: readsInPlace)
    let count = geometry.weightCount
    let parts = [S](uninitializedCount: plan.partCut.count * count) { parts in
      nonisolated(unsafe) let (x, dy, target) = (x, dy, parts)
      Parallel.forEach(plan.tasks, grain: plan.grain) { task in
        guard let base = target.baseAddress else { return }
        let (tile, part) = task.quotientAndRemainder(dividingBy: plan.partCut.count)
        let (group, rest) = tile.quotientAndRemainder(
          dividingBy: plan.channelCut.count * plan.outputCut.count)
        let worker = CorrelationWorker(
          correlation: self, group: group, channels: plan.channelCut[rest / plan.outputCut.count],
          outputs: plan.outputCut[rest % plan.outputCut.count])
        worker.run(plan.partCut[part], x, dy, result: base + part * count)
      }
    }
    gather(parts, result)
  }

  /// Adds the parts and turns [g][k][o] into [g][o][k].
  private func gather(_ parts: [S], _ result: UnsafeMutablePointer<S>) {
    let (outputs, terms) = (geometry.groupOutputs, geometry.reduction)
    let count = geometry.weightCount
    let cut = Balanced(terms, limit: 16)
    nonisolated(unsafe) let result = result
    let grain = Parallel.grain(touching: plan.partCut.count * cut.longest * outputs)
    Parallel.forEach(geometry.groups * cut.count, grain: grain) { task in
      let (group, block) = task.quotientAndRemainder(dividingBy: cut.count)
      let range = cut[block]
      parts.withUnsafeBufferPointer { parts in
        guard let base = parts.baseAddress else { return }
        let first = base + (group * terms + range.lowerBound) * outputs
        let target = result + group * outputs * terms + range.lowerBound
        Scratch.with(range.count * outputs, of: S.self) { sums in
          sums.update(from: first, count: range.count * outputs)
          for part in 1..<max(1, plan.partCut.count) {
            let addend = first + part * count
            for index in 0..<range.count * outputs { sums[index] += addend[index] }
          }
          S.transpose(
            Transposition(
              instructions: instructions, rows: range.count, columns: outputs, source: sums,
              sourcePitch: outputs,
              target: target, targetPitch: terms))
        }
      }
    }
  }
}

extension Convolution {
  /// dW[o,i,p] = Σ_{n,y} g[n,o,y] · X[n, i, yS + pD − P].
  ///
  /// - Parameters:
  ///   - x: N·I·D·H·W activations, the input of the convolution.
  ///   - dy: N·O·Do·Ho·Wo, the gradient at the output.
  ///   - geometry: The shapes; the counts must match.
  /// - Returns: O·(I/G)·kd·kh·kw, the gradient at the weights.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func weightGradient<S: KernelScalar>(
    _ x: [S], _ dy: [S], _ geometry: ConvolutionGeometry
  ) -> [S] {
    precondition(x.count == geometry.inputCount && dy.count == geometry.outputCount)
    guard !geometry.isLinear else {
      KernelPath.note(.linear)
      return MatrixProduct.multiply(
        dy, transposed: true, x, transposed: false, m: geometry.outputChannels,
        n: geometry.reduction, k: geometry.batch)
    }
    if !PlaneCorrelation<S>.fits(geometry), let small = SmallConvolution<S>(forward: geometry) {
      return small.weightGradient(x, dy)
    }
    let geometry = geometry.simplest
    return Array(uninitializedCount: geometry.weightCount) { result in
      x.withUnsafeBufferPointer { x in
        dy.withUnsafeBufferPointer { dy in
          guard let x = x.baseAddress, let dy = dy.baseAddress, let result = result.baseAddress
          else { return }
          if PlaneCorrelation<S>.fits(geometry) {
            PlaneCorrelation(geometry).run(x, dy, result: result)
          } else {
            WeightCorrelation(geometry).run(x, dy, result: result)
          }
        }
      }
    }
  }
}
