internal import CKernels

/// Computes one tile of the weight gradient, band after band.
struct CorrelationWorker<S: KernelScalar> {
  let correlation: WeightCorrelation<S>
  let group: Int
  let channels: Range<Int>
  let outputs: Range<Int>

  var geometry: ConvolutionGeometry { correlation.geometry }
  var planes: SourcePlanes { correlation.planes }
  private var plan: CorrelationPlan { correlation.plan }

  /// The rows and columns of outputs of a band.
  typealias Part = (segments: [RowSegment], columns: Range<Int>)

  /// One panel of gradients: some outputs side by side.
  struct Panel {
    let outputs: Range<Int>
    let vectors: Int
    let width: Int
    /// Where it starts, for each position.
    let start: Int
  }

  /// Sums the bands into `result`, laid out [g][k][o].
  func run(
    _ bands: Range<Int>, _ x: UnsafePointer<S>, _ dy: UnsafePointer<S>,
    result: UnsafeMutablePointer<S>
  ) {
    let panels = makePanels()
    let packedWidth = panels.reduce(0) { $0 + $1.width }
    let rows = plan.rowCut.longest
    let segments = (rows - 1) / geometry.height.output + 2
    let most =
      planes.planeSize(
        height: rows + segments * planes.rows.span, pitch: planes.pitch(plan.columnCut.longest),
        of: S.self) + 32
    let sourceCount = channels.count * planes.phases.count * most
    let gradientCount = rows * plan.columnCut.longest * packedWidth
    Scratch.with(sourceCount + gradientCount + 128, of: S.self) { scratch in
      var next = part(bands.lowerBound)
      for band in bands {
        let (segments, window) = next
        if band + 1 < bands.upperBound { next = part(band + 1) }
        let size = planes.planeSize(
          height: planes.height(segments), pitch: planes.pitch(window.count), of: S.self)
        let first = group * geometry.groupInputs + channels.lowerBound
        let lines: Lines
        if correlation.readsInPlace {
          lines = linesInSource(x, firstChannel: first, segments, window)
        } else {
          planes.copy(
            x, channels: first..<first + channels.count, segments: segments, window: window,
            to: scratch, planeSize: size, correlation.instructions)
          lines = Lines(
            source: UnsafePointer(scratch),
            terms: termOffsets(planeSize: size, pitch: planes.pitch(window.count)),
            rows: lineOffsets(segments, pitch: planes.pitch(window.count)))
        }
        let packed = scratch + sourceCount + 64
        guard !plan.overlaps else {
          copyLines(dy, segments, window, to: packed)
          overlap(
            lines, length: window.count, packed, accumulates: band > bands.lowerBound, result)
          continue
        }
        pack(dy, panels, segments, window, to: packed)
        let product = BandProduct(
          lines: lines, length: window.count, gradients: packed, panels: panels,
          next: band + 1 < bands.upperBound ? next : nil, accumulates: band > bands.lowerBound)
        let gradients = NumberRun(
          instructions: correlation.instructions, values: UnsafePointer(packed),
          count: lines.rows.count * window.count * packedWidth)
        let leavesOut = correlation.leavesTapsOut && S.areFinite(gradients)
        KernelPath.note(.correlationLeavesTapsOut, when: leavesOut)
        multiply(
          product,
          leavesOut
            ? termsOfKernelRows(lines, segments, length: window.count)
            : allTerms(lines, length: window.count), x, dy, result)
      }
    }
  }

  /// The rows of outputs and the columns of a band.
  private func part(_ band: Int) -> Part {
    let rows = plan.rowCut[band / plan.columnCut.count]
    return (
      RowSegment.cut(rows, height: geometry.height.output),
      plan.columnCut[band % plan.columnCut.count]
    )
  }

  private func makePanels() -> [Panel] {
    let lanes = correlation.instructions.lanes(S.self)
    var start = 0
    return stride(from: outputs.lowerBound, to: outputs.upperBound, by: 2 * lanes).map { first in
      let range = first..<min(first + 2 * lanes, outputs.upperBound)
      let vectors = range.count <= lanes ? 1 : 2
      defer { start += vectors * lanes }
      return Panel(outputs: range, vectors: vectors, width: vectors * lanes, start: start)
    }
  }

  /// Turns the gradients of a band from lines of positions into vectors of outputs.
  private func pack(
    _ dy: UnsafePointer<S>, _ panels: [Panel], _ segments: [RowSegment], _ window: Range<Int>,
    to packed: UnsafeMutablePointer<S>
  ) {
    let width = geometry.width.output
    let positions = segments.reduce(0) { $0 + $1.rows.count } * window.count
    for panel in panels {
      let (count, lanes) = (panel.outputs.count, panel.width)
      var place = packed + panel.start * positions
      if count < lanes {
        for position in 0..<positions {
          (place + position * lanes + count).update(repeating: 0, count: lanes - count)
        }
      }
      let channel = group * geometry.groupOutputs + panel.outputs.lowerBound
      for segment in segments {
        let plane = dy + geometry.outputPlane(image: segment.image, channel: channel)
        // Whole rows of a plane are one run.
        let runs = window.count == width ? 1 : segment.rows.count
        let length = segment.rows.count / runs * window.count
        for run in 0..<runs {
          S.transpose(
            Transposition(
              instructions: correlation.instructions, rows: count, columns: length,
              source: plane + (segment.rows.lowerBound + run) * width + window.lowerBound,
              sourcePitch: geometry.outputArea, target: place, targetPitch: lanes))
          place += length * lanes
        }
      }
    }
  }

  /// Asks for a part of what a band reads, while another is multiplied: short stretches of many
  /// planes, which the processor does not foresee.
  func prefetch(
    _ next: Part, _ x: UnsafePointer<S>, _ dy: UnsafePointer<S>, part: Int, of parts: Int
  ) {
    let (segments, window) = next
    let cut = Balanced(outputs.count, count: parts)[part]
    let channel = group * geometry.groupOutputs + outputs.lowerBound + cut.lowerBound
    let size = MemoryLayout<S>.stride
    for segment in segments {
      let start = segment.rows.lowerBound * geometry.width.output + window.lowerBound
      let length = (segment.rows.count - 1) * geometry.width.output + window.count
      ck_prefetch(
        cut.count, length * size,
        dy + geometry.outputPlane(image: segment.image, channel: channel) + start,
        geometry.outputArea * size)
    }
    let first = group * geometry.groupInputs + channels.lowerBound
    let own = Balanced(channels.count, count: parts)[part]
    planes.prefetch(
      x, channels: first + own.lowerBound..<first + own.upperBound, segments: segments,
      window: window)
  }

  /// The lines that are multiplied: their terms, and the rows of outputs of each.
  struct Lines {
    let source: UnsafePointer<S>
    let terms: [Int]
    let rows: [Int]
  }

  /// The lines within the source itself.
  private func linesInSource(
    _ x: UnsafePointer<S>, firstChannel: Int, _ segments: [RowSegment], _ window: Range<Int>
  ) -> Lines {
    let extent = planes.columns.extent
    return Lines(
      source: x + (firstChannel * extent + window.lowerBound),
      terms: channels.indices.map { ($0 - channels.lowerBound) * extent },
      rows: segments.map { $0.image * planes.channels * extent })
  }

  /// Where the line of each term starts within the copied planes, in the order of the weights.
  func termOffsets(planeSize: Int, pitch: Int) -> [Int] {
    (0..<channels.count * planes.taps.count).map { term in
      let tap = planes.taps[term % planes.taps.count]
      let plane = term / planes.taps.count * planes.phases.count + tap.plane
      return plane * planeSize + tap.row * pitch + tap.column
    }
  }

  /// Where each row of outputs starts within a copied plane.
  func lineOffsets(_ segments: [RowSegment], pitch: Int) -> [Int] {
    var offsets: [Int] = []
    var row = 0
    for segment in segments {
      for index in 0..<segment.rows.count { offsets.append((row + index) * pitch) }
      row += segment.rows.count + planes.rows.span
    }
    return offsets
  }
}
