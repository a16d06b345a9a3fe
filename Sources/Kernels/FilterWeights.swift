internal import Tensors

/// Weights laid out with the filters side by side: by group, block and panel, each panel term by
/// term, with zeros in the place of the filters that the last panel lacks.
struct FilterWeights<S: KernelScalar>: Sendable {
  /// Filters side by side in one panel: two vectors of the widest instruction set.
  static var panelWidth: Int { 128 / MemoryLayout<S>.size }
  /// Filters that are rounded up to whole vectors of it.
  static func width(_ filters: Int) -> Int {
    let lanes = 64 / MemoryLayout<S>.size
    return (filters + lanes - 1) / lanes * lanes
  }

  let elements: [S]
  let blocks: ReductionBlocks
  /// All filters, rounded up to whole vectors.
  private let width: Int

  init(
    _ weights: UnsafePointer<S>, _ view: WeightView, groups: Int, filters: Int, taps: [Int],
    blocks: ReductionBlocks, instructions: InstructionSet
  ) {
    let width = Self.width(filters)
    self.blocks = blocks
    self.width = width
    let panels = (width + Self.panelWidth - 1) / Self.panelWidth
    nonisolated(unsafe) let source = weights
    elements = Array(uninitializedCount: groups * width * blocks.total) { buffer in
      nonisolated(unsafe) let target = buffer
      let grain = Parallel.grain(touching: Self.panelWidth * blocks.longest)
      Parallel.forEach(groups * blocks.count * panels, grain: grain) { task in
        guard let base = target.baseAddress else { return }
        let (rest, panel) = task.quotientAndRemainder(dividingBy: panels)
        let (group, index) = rest.quotientAndRemainder(dividingBy: blocks.count)
        let block = blocks[index]
        let first = panel * Self.panelWidth
        let columns = min(Self.panelWidth, width - first)
        let rows = min(columns, filters - first)
        let place =
          base + (group * blocks.total + block.lowerBound) * width + first * block.count
        if rows < columns { place.update(repeating: 0, count: block.count * columns) }
        Self.pack(
          source + group * view.groupStride + first * view.rowStride, view, rows: rows, taps: taps,
          block, instructions, to: place, pitch: columns)
      }
    }
  }

  /// Lays out one panel.
  private static func pack(
    _ weights: UnsafePointer<S>, _ view: WeightView, rows: Int, taps: [Int], _ block: Range<Int>,
    _ instructions: InstructionSet, to panel: UnsafeMutablePointer<S>, pitch: Int
  ) {
    let areAll = taps.last == taps.count - 1
    if areAll, taps.count == view.channelStride {
      // The terms of a filter are neighbours.
      KernelPath.note(.filtersTurned)
      S.transpose(
        Transposition(
          instructions: instructions, rows: rows, columns: block.count,
          source: weights + block.lowerBound, sourcePitch: view.rowStride, target: panel,
          targetPitch: pitch))
      return
    }
    // The filters of a term are neighbours, or as far apart as a kernel has taps.
    KernelPath.note(.filtersPicked)
    var place = panel
    for term in block {
      let (channel, tap) = term.quotientAndRemainder(dividingBy: taps.count)
      let line = weights + channel * view.channelStride + taps[tap]
      if view.rowStride == 1 {
        place.update(from: line, count: rows)
      } else {
        for row in 0..<rows { place[row] = line[row * view.rowStride] }
      }
      place += pitch
    }
  }

  /// Where the panel that begins with a filter starts, and how wide it is.
  func panel(group: Int, block: Range<Int>, first: Int) -> (offset: Int, width: Int) {
    (
      (group * blocks.total + block.lowerBound) * width + first * block.count,
      min(Self.panelWidth, width - first)
    )
  }
}
