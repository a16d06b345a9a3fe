// One band of positions, multiplied tile by tile.

extension CorrelationWorker {
  /// What is multiplied.
  struct BandProduct {
    let lines: Lines
    /// Positions of a line.
    let length: Int
    let gradients: UnsafePointer<S>
    let panels: [Panel]
    /// The band that comes next.
    let next: Part?
    let accumulates: Bool
  }

  /// Terms that are multiplied with the same lines.
  struct TermGroup {
    /// Where the line of each term starts within the source.
    var terms: [Int] = []
    /// Where the sum of each term goes.
    var places: [Int] = []
    /// Where each line starts, counted from that of a term.
    var lines: [Int] = []
    /// The first position of each line.
    var starts: [Int] = []
  }

  /// Multiplies the positions of a band into all terms, each group with the lines that it needs.
  func multiply(
    _ product: BandProduct, _ groups: [TermGroup], _ x: UnsafePointer<S>, _ dy: UnsafePointer<S>,
    _ result: UnsafeMutablePointer<S>
  ) {
    let most = correlation.instructions.correlationRows
    let cuts = groups.map { Balanced($0.terms.count, limit: most) }
    let tiles = product.panels.count * cuts.reduce(0) { $0 + $1.count }
    let positions = product.lines.rows.count * product.length
    var tile = 0
    for panel in product.panels {
      for (terms, cut) in zip(groups, cuts) {
        for index in 0..<cut.count {
          if let next = product.next { prefetch(next, x, dy, part: tile, of: tiles) }
          tile += 1
          multiply(
            terms, cut[index], panel, product,
            product.gradients + panel.start * positions, result + panel.outputs.lowerBound)
        }
      }
    }
  }

  /// Multiplies some terms into the outputs of a panel.
  private func multiply(
    _ group: TermGroup, _ range: Range<Int>, _ panel: Panel, _ product: BandProduct,
    _ gradient: UnsafePointer<S>, _ result: UnsafeMutablePointer<S>
  ) {
    group.terms.withUnsafeBufferPointer { terms in
      group.places.withUnsafeBufferPointer { places in
        group.lines.withUnsafeBufferPointer { lines in
          group.starts.withUnsafeBufferPointer { starts in
            guard let offsets = terms.baseAddress, let place = places.baseAddress,
              let line = lines.baseAddress, let start = starts.baseAddress
            else { return }
            S.correlationTile(
              CorrelationTile(
                instructions: correlation.instructions, rows: range.count, vectors: panel.vectors,
                source: product.lines.source, offsets: offsets + range.lowerBound, lines: line,
                starts: start, lineCount: lines.count, length: product.length, gradient: gradient,
                c: result, places: place + range.lowerBound, columns: panel.outputs.count,
                accumulates: product.accumulates))
          }
        }
      }
    }
  }

  /// All terms with all lines.
  func allTerms(_ lines: Lines, length: Int) -> [TermGroup] {
    [
      TermGroup(
        terms: lines.terms, places: lines.terms.indices.map(place), lines: lines.rows,
        starts: lines.rows.indices.map { $0 * length })
    ]
  }

  /// The terms of each row of the kernel, with the lines for which it lies inside of the source.
  ///
  /// The others would add zeros. That changes no bit if the gradients are finite: a sum of terms that
  /// begins with +0 may become −0, but what it is added to is not −0.
  func termsOfKernelRows(_ lines: Lines, _ segments: [RowSegment], length: Int) -> [TermGroup] {
    let (taps, width) = (planes.taps.count, planes.columns.taps.count)
    return (0..<taps / width).map { kernelRow in
      var group = TermGroup()
      for channel in 0..<channels.count {
        for column in 0..<width {
          let term = channel * taps + kernelRow * width + column
          group.terms.append(lines.terms[term])
          group.places.append(place(term))
        }
      }
      let (z, p) = kernelRow.quotientAndRemainder(dividingBy: planes.rows.taps.count)
      var line = 0
      for segment in segments {
        let plane = planes.depth.index(
          planes.depth.taps[z], output: segment.image % planes.outputDepth)
        for y in segment.rows {
          if plane != nil, planes.rows.index(planes.rows.taps[p], output: y) != nil {
            group.lines.append(lines.rows[line])
            group.starts.append(line * length)
          }
          line += 1
        }
      }
      // A list of no lines is handed on as well.
      group.lines.reserveCapacity(1)
      group.starts.reserveCapacity(1)
      return group
    }
  }

  /// Where the sum of a term goes; terms are in the order (channel, tap) of `planes.taps`, which is
  /// the weights' order.
  private func place(_ term: Int) -> Int {
    (group * geometry.reduction + channels.lowerBound * planes.taps.count + term)
      * geometry.groupOutputs
  }
}
