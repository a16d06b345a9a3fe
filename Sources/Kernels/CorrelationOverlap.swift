/// The weight gradient of a group with few outputs, depthwise convolutions above all.
///
/// With the outputs in the lanes of a vector most lanes would be idle. So the positions are: each
/// sum is spread over 64 bytes of lanes, whatever the instruction set, and these are added as a
/// binary tree at the end of a band.
extension CorrelationWorker {
  /// Copies the gradients of a band without gaps: a row for each output.
  func copyLines(
    _ dy: UnsafePointer<S>, _ segments: [RowSegment], _ window: Range<Int>,
    to copy: UnsafeMutablePointer<S>
  ) {
    let width = geometry.width.output
    var place = copy
    for output in outputs {
      let channel = group * geometry.groupOutputs + output
      for segment in segments {
        let plane = dy + geometry.outputPlane(image: segment.image, channel: channel)
        if window.count == width {
          let count = segment.rows.count * width
          place.update(from: plane + segment.rows.lowerBound * width, count: count)
          place += count
        } else {
          for row in segment.rows {
            place.update(from: plane + row * width + window.lowerBound, count: window.count)
            place += window.count
          }
        }
      }
    }
  }

  /// Adds the products of one band.
  func overlap(
    _ lines: Lines, length: Int, _ gradients: UnsafePointer<S>, accumulates: Bool,
    _ result: UnsafeMutablePointer<S>
  ) {
    let (offsets, lines, source) = (lines.terms, lines.rows, lines.source)
    let rowCut = Balanced(outputs.count, limit: OverlapTile<S>.largest.rows)
    let termCut = Balanced(offsets.count, limit: OverlapTile<S>.largest.terms)
    let gradientPitch = lines.count * length
    offsets.withUnsafeBufferPointer { offsets in
      lines.withUnsafeBufferPointer { lines in
        guard let start = offsets.baseAddress, let first = lines.baseAddress else { return }
        for index in 0..<rowCut.count {
          let rows = rowCut[index]
          for part in 0..<termCut.count {
            let terms = termCut[part]
            let term =
              group * geometry.reduction + channels.lowerBound * planes.taps.count
              + terms.lowerBound
            S.overlapTile(
              OverlapTile(
                instructions: correlation.instructions, rows: rows.count, terms: terms.count,
                gradient: gradients + rows.lowerBound * gradientPitch,
                gradientPitch: gradientPitch, source: source, offsets: start + terms.lowerBound,
                lines: first, lineCount: lines.count, length: length,
                c: result + term * geometry.groupOutputs + outputs.lowerBound + rows.lowerBound,
                pitch: geometry.groupOutputs, accumulates: accumulates))
          }
        }
      }
    }
  }
}
