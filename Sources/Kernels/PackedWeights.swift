internal import Synchronization
internal import Tensors

/// How a weight array is read as the left operand of a product, rows × (channels · taps).
struct WeightView: Sendable {
  let groupStride: Int
  let rowStride: Int
  let channelStride: Int
}

/// Cuts of a sum of `channels · taps` terms into blocks; they depend on the shape alone.
struct ReductionBlocks: Sendable {
  /// Terms in a block: so many lines of a tile stay in the first-level cache.
  static let limit = 128

  /// At least 1.
  let taps: Int
  let total: Int
  private let cut: Balanced
  private let unit: Int

  init(channels: Int, taps: Int, limit: Int = Self.limit) {
    self.taps = taps
    total = channels * taps
    // Whole channels where a channel fits, so that its lines are copied once.
    unit = taps <= limit ? max(taps, 1) : 1
    cut = Balanced(total / unit, limit: limit / unit)
  }

  /// Cuts the channels where another sum over them, with up to `mostTaps` taps, is cut.
  init(channels: Int, taps: Int, mostTaps: Int) {
    self.taps = taps
    total = channels * taps
    unit = taps
    cut = Balanced(channels, limit: max(1, Self.limit / mostTaps))
  }

  /// Whether a block may end between the taps of a channel.
  var endWithinChannels: Bool { unit < taps }

  var count: Int { cut.count }
  var longest: Int { cut.longest * unit }

  /// The terms of a block.
  subscript(_ index: Int) -> Range<Int> {
    cut[index].lowerBound * unit..<cut[index].upperBound * unit
  }

  /// The channels that a block touches.
  func channels(_ block: Range<Int>) -> Range<Int> {
    block.lowerBound / taps..<(block.upperBound + taps - 1) / taps
  }

  /// The largest number of channels that a block touches.
  var mostChannels: Int { (0..<count).reduce(0) { max($0, channels(self[$1]).count) } }
}

/// Weights laid out for the tiles: by group, block and panel of rows, each panel term by term.
struct PackedWeights<S: KernelScalar> {
  let elements: [S]
  let rows: Int
  let blocks: ReductionBlocks
  let panels: Balanced
  /// Whether all of them are known to be finite.
  let areFinite: Bool

  /// Lays out the weights, and looks whether they are finite if it `isChecking`.
  init(
    _ weights: UnsafePointer<S>, _ view: WeightView, groups: Int, rows: Int, taps: [Int],
    blocks: ReductionBlocks, instructions: InstructionSet, vectors: Int, isChecking: Bool = false
  ) {
    self.rows = rows
    self.blocks = blocks
    let finds = Atomic(isChecking)
    let panels = Balanced(rows, limit: instructions.tileRows(vectors: vectors))
    self.panels = panels
    nonisolated(unsafe) let source = weights
    elements = Array(uninitializedCount: groups * rows * blocks.total) { buffer in
      nonisolated(unsafe) let target = buffer
      let grain = Parallel.grain(touching: rows * blocks.longest)
      Parallel.forEach(groups * blocks.count, grain: grain) { task in
        guard let base = target.baseAddress else { return }
        let (group, index) = (task / blocks.count, task % blocks.count)
        let block = blocks[index]
        let place = base + (group * blocks.total + block.lowerBound) * rows
        if view.rowStride == 1, taps.count == 1 {
          KernelPath.note(.weightsInLines)
          return Self.packLines(
            source + group * view.groupStride + taps[0], view, panels, block, to: place)
        }
        for panel in 0..<panels.count {
          let range = panels[panel]
          let start = source + group * view.groupStride + range.lowerBound * view.rowStride
          Self.pack(
            start, view, rows: range.count, taps: taps, block, instructions,
            to: place + range.lowerBound * block.count)
        }
        let written = NumberRun(
          instructions: instructions, values: UnsafePointer(place), count: rows * block.count)
        if isChecking, !S.areFinite(written) { finds.store(false, ordering: .relaxed) }
      }
    }
    areFinite = finds.load(ordering: .relaxed)
  }

  /// Lays out the panels of a block whose rows are neighbours in the weights.
  ///
  /// Some panels at once: a line of the weights is read from one end to the other then, and only so
  /// many places are written side by side.
  private static func packLines(
    _ weights: UnsafePointer<S>, _ view: WeightView, _ panels: Balanced, _ block: Range<Int>,
    to target: UnsafeMutablePointer<S>
  ) {
    let groups = Balanced(panels.count, limit: 8)
    for group in 0..<groups.count {
      for (term, channel) in block.enumerated() {
        let line = weights + channel * view.channelStride
        for panel in groups[group] {
          let range = panels[panel]
          let place = target + range.lowerBound * block.count + term * range.count
          place.update(from: line + range.lowerBound, count: range.count)
        }
      }
    }
  }

  /// Lays out one panel, run by run of terms that are neighbours in the weights.
  private static func pack(
    _ weights: UnsafePointer<S>, _ view: WeightView, rows: Int, taps: [Int], _ block: Range<Int>,
    _ instructions: InstructionSet, to panel: UnsafeMutablePointer<S>
  ) {
    var place = panel
    var (channel, tap) = block.lowerBound.quotientAndRemainder(dividingBy: taps.count)
    var left = block.count
    let channelsTouch = taps.count == view.channelStride && taps.last == taps.count - 1
    while left > 0 {
      let first = taps[tap]
      var run = 1
      if channelsTouch {
        run = left
      } else {
        while run < left, tap + run < taps.count, taps[tap + run] == first + run { run += 1 }
      }
      let cell = weights + channel * view.channelStride + first
      KernelPath.note(run == 1 ? .weightsOneByOne : .weightsInRuns)
      if run == 1 {
        for row in 0..<rows { place[row] = cell[row * view.rowStride] }
      } else {
        S.transpose(
          Transposition(
            instructions: instructions, rows: rows, columns: run, source: cell,
            sourcePitch: view.rowStride, target: place, targetPitch: rows))
      }
      place += run * rows
      left -= run
      tap += run
      if tap == taps.count { (channel, tap) = (channel + 1, 0) }
    }
  }

  /// Where a panel of a block starts.
  func offset(group: Int, block: Range<Int>, panel: Int) -> Int {
    (group * blocks.total + block.lowerBound) * rows + panels[panel].lowerBound * block.count
  }
}
