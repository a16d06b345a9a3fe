/// A stretch of output rows of one image, which is one plane of one sample.
struct RowSegment: Sendable {
  let image: Int
  let rows: Range<Int>

  /// Cuts a range of rows, counted through all images, at the borders of the images.
  static func cut(_ range: Range<Int>, height: Int) -> [RowSegment] {
    var segments: [RowSegment] = []
    segments.reserveCapacity((range.count - 1) / max(1, height) + 2)
    var row = range.lowerBound
    while row < range.upperBound {
      let image = row / height
      let end = min(range.upperBound, (image + 1) * height)
      segments.append(RowSegment(image: image, rows: row - image * height..<end - image * height))
      row = end
    }
    return segments
  }
}

/// Copies of source rows with the zeros of the padding, split by stride phase, so that each tap
/// reads a contiguous line at a constant distance.
///
/// An image is one output plane of one sample. The source planes that the taps of the depth read
/// for it are copied side by side, like the phases: whatever has a third axis is a sum over two.
struct SourcePlanes: Sendable {
  /// What one copied plane of a channel holds.
  struct Phase: Sendable {
    /// The tap of the depth, by its place in `depth.taps`.
    let depth: Int
    let row: Int
    let column: Int
    /// Where its rows begin, in output columns.
    let shift: Int
  }

  /// A tap: its plane among those of the channel, its place in it, its index in the kernel.
  struct Tap: Sendable {
    let plane: Int
    let row: Int
    let column: Int
    let kernel: Int
    /// The outputs that read it.
    let residue: Residue
  }

  /// Outputs whose row and column leave the same remainders, divided by the strides of the result.
  struct Residue: Hashable, Sendable {
    let row: Int
    let column: Int
  }

  /// What a copy holds of the columns.
  private struct ColumnPart: Equatable {
    let phase: Int
    let shift: Int

    init(_ tap: SourceAxis.Tap, shift: Int) { (phase, self.shift) = (tap.phase, shift) }
  }

  let depth: SourceAxis
  let rows: SourceAxis
  let columns: SourceAxis
  /// The output planes of one sample.
  let outputDepth: Int
  /// Over all groups.
  let channels: Int
  let phases: [Phase]
  let taps: [Tap]
  /// Whether there is a copy for each shift of the columns, whose rows have no gap between them.
  let splitsColumns: Bool

  init(
    depth: SourceAxis, rows: SourceAxis, columns: SourceAxis, outputDepth: Int, channels: Int,
    splitsColumns: Bool = false
  ) {
    self.splitsColumns = splitsColumns
    self.depth = depth
    self.rows = rows
    self.columns = columns
    self.outputDepth = outputDepth
    self.channels = channels
    // One phase for each tap of the depth, each phase of the rows and each part of the columns, in
    // the order in which the taps come to them. There are few, so they are looked for one by one.
    var rowPhases: [Int] = []
    for tap in rows.taps where !rowPhases.contains(tap.phase) { rowPhases.append(tap.phase) }
    var parts: [ColumnPart] = []
    for tap in columns.taps {
      let part = ColumnPart(tap, shift: splitsColumns ? tap.shift : columns.firstShift)
      if !parts.contains(part) { parts.append(part) }
    }
    var phases: [Phase] = []
    phases.reserveCapacity(depth.taps.count * rowPhases.count * parts.count)
    var taps: [Tap] = []
    taps.reserveCapacity(depth.taps.count * rows.taps.count * columns.taps.count)
    for (index, o) in depth.taps.enumerated() {
      for row in rowPhases {
        for part in parts {
          phases.append(Phase(depth: index, row: row, column: part.phase, shift: part.shift))
        }
      }
      for p in rows.taps {
        let row = index * rowPhases.count + (rowPhases.firstIndex(of: p.phase) ?? 0)
        for q in columns.taps {
          let part = ColumnPart(q, shift: splitsColumns ? q.shift : columns.firstShift)
          taps.append(
            Tap(
              plane: row * parts.count + (parts.firstIndex(of: part) ?? 0),
              row: p.shift - rows.firstShift, column: q.shift - part.shift,
              kernel: (o.kernel * rows.kernel + p.kernel) * columns.kernel + q.kernel,
              residue: Residue(row: p.residue, column: q.residue)))
        }
      }
    }
    self.phases = phases
    self.taps = taps
  }

  /// What a convolution reads of its input.
  init(forward geometry: ConvolutionGeometry) {
    self.init(
      depth: SourceAxis(forward: geometry.depth), rows: SourceAxis(forward: geometry.height),
      columns: SourceAxis(forward: geometry.width), outputDepth: geometry.depth.output,
      channels: geometry.inputChannels)
  }

  /// The same with a copy for each shift of the columns.
  func splittingColumns() -> SourcePlanes {
    SourcePlanes(
      depth: depth, rows: rows, columns: columns, outputDepth: outputDepth, channels: channels,
      splitsColumns: true)
  }

  /// How many phases there are with a copy for each shift of the columns.
  var splitPhaseCount: Int {
    let (rows, columns) = (rows.taps, columns.taps)
    let rowPhases = rows.indices.count { i in !rows[..<i].contains { $0.phase == rows[i].phase } }
    let parts = columns.indices.count { i in
      !columns[..<i].contains { $0.phase == columns[i].phase && $0.shift == columns[i].shift }
    }
    return depth.taps.count * rowPhases * parts
  }

  /// Elements between the end of a row of outputs and the start of the next.
  var gap: Int { splitsColumns ? 0 : columns.span }

  /// The distance between two rows of a copy that serves this many output columns.
  func pitch(_ outputColumns: Int) -> Int { outputColumns + gap }

  /// The rows of a copy that serves these segments.
  func height(_ segments: [RowSegment]) -> Int {
    segments.reduce(0) { $0 + $1.rows.count + rows.span }
  }

  /// The distance between two planes; never a multiple of 1 KiB, lest lines share cache sets.
  func planeSize<S>(height: Int, pitch: Int, of type: S.Type) -> Int {
    let lane = 64 / MemoryLayout<S>.size
    let size = (height * pitch + lane - 1) / lane * lane
    return size % (16 * lane) == 0 ? size + lane : size
  }

  /// Copies the channels for the segments and the output columns `window`.
  func copy<S: KernelScalar>(
    _ source: UnsafePointer<S>, channels selected: Range<Int>, segments: [RowSegment],
    window: Range<Int>, to planes: UnsafeMutablePointer<S>, planeSize: Int,
    _ instructions: InstructionSet
  ) {
    var first = 0
    for segment in segments {
      copy(
        source, channels: selected, segment: segment, window: window,
        to: planes + first * pitch(window.count), planeSize: planeSize, instructions)
      first += segment.rows.count + rows.span
    }
  }

  /// Copies the channels for one segment.
  @inline(__always)
  func copy<S: KernelScalar>(
    _ source: UnsafePointer<S>, channels selected: Range<Int>, segment: RowSegment,
    window: Range<Int>, to planes: UnsafeMutablePointer<S>, planeSize: Int,
    _ instructions: InstructionSet
  ) {
    let area = rows.extent * columns.extent
    let (sample, u) = segment.image.quotientAndRemainder(dividingBy: outputDepth)
    let row = segment.rows.lowerBound + rows.firstShift
    let range = row..<row + segment.rows.count + rows.span
    for (index, phase) in phases.enumerated() {
      var plane = planes + index * planeSize
      let step = phases.count * planeSize
      guard let z = depth.index(depth.taps[phase.depth], output: u),
        var place = copied(phase, range, window)
      else {
        for _ in selected {
          plane.update(repeating: 0, count: range.count * pitch(window.count))
          plane += step
        }
        continue
      }
      place.source += ((sample * channels + selected.lowerBound) * depth.extent + z) * area
      for _ in selected {
        S.copyRows(
          RowCopy(
            instructions: instructions, above: place.above, rows: place.rows, below: place.below,
            before: place.before, count: place.count, after: place.after,
            source: source + place.source, sourcePitch: rows.stride * columns.extent,
            stride: columns.stride, target: plane))
        place.source += depth.extent * area
        plane += step
      }
    }
  }

  /// What the rows of one phase are copied from: zeros, rows of the source with the zeros beside
  /// them, zeros.
  private struct CopiedRows {
    let above: Int
    let rows: Int
    let below: Int
    let before: Int
    let count: Int
    let after: Int
    /// Where the first element is.
    var source: Int
  }

  /// The rows of one phase; nil if all of them are zeros.
  private func copied(_ phase: Phase, _ range: Range<Int>, _ window: Range<Int>) -> CopiedRows? {
    let pitch = pitch(window.count)
    // Of row r the source has the part r·S + phase, if that lies in it.
    let inside = range.clamped(to: 0..<rows.count(phase: phase.row))
    guard !inside.isEmpty else { return nil }
    let start = window.lowerBound + phase.shift
    let first = min(max(0, -start), pitch)
    let end = max(first, min(pitch, columns.count(phase: phase.column) - start))
    let row = (inside.lowerBound * rows.stride + phase.row) * columns.extent
    return CopiedRows(
      above: inside.lowerBound - range.lowerBound, rows: inside.count,
      below: range.upperBound - inside.upperBound, before: first, count: end - first,
      after: pitch - end,
      source: end == first ? row : row + phase.column + (start + first) * columns.stride)
  }
}
