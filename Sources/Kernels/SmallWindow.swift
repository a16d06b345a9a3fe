/// One axis of a window without a stride, as copies of the source with their padding show it.
struct SmallAxis: Sendable {
  /// The cells of the source.
  let extent: Int
  /// How many positions the window has.
  let outputs: Int
  /// K.
  let kernel: Int
  /// Zeros on both sides of the source.
  let before: Int
  let after: Int
  /// Tap p of position y lies on cell y + first + p·step of a copy.
  private let first: Int
  private let step: Int

  /// What a convolution reads of its input: cell y + pD − P.
  ///
  /// Nil if it strides, or cuts cells off.
  init?(forward axis: WindowAxis) {
    guard axis.stride == 1, axis.paddingEnd >= 0 else { return nil }
    (extent, outputs, kernel) = (axis.extent, axis.output, axis.kernel)
    (before, after) = (axis.paddingBegin, axis.paddingEnd)
    (first, step) = (0, axis.dilation)
  }

  /// What its input gradient reads of the gradient at the output: cell h + P − pD.
  ///
  /// Nil if the convolution strides, or pads so much that some outputs reach no cell.
  init?(transposed axis: WindowAxis) {
    let reach = axis.effectiveKernel - 1
    guard axis.stride == 1, axis.paddingBegin <= reach, axis.paddingEnd <= reach
    else { return nil }
    (extent, outputs, kernel) = (axis.output, axis.extent, axis.kernel)
    (before, after) = (reach - axis.paddingBegin, reach - axis.paddingEnd)
    (first, step) = (reach, -axis.dilation)
  }

  /// The cells of a copy: H + K̃ − 1 for H positions.
  var padded: Int { before + extent + after }

  /// Which cell of a copy a tap of the first position lies on.
  func shift(_ tap: Int) -> Int { first + tap * step }
}

/// A window over small images of one or two axes, and copies of their planes with the padding.
struct SmallWindow: Sendable {
  let rows: SmallAxis
  let columns: SmallAxis

  /// Multiply-adds up to which planning and packing for larger tiles takes longer than they gain.
  private static let mostWork = 1 << 17
  /// Elements of all copies.
  private static let mostCells = 1 << 14

  /// The window of a convolution, if it is small.
  init?(forward geometry: ConvolutionGeometry) {
    guard Self.isFlat(geometry), let rows = SmallAxis(forward: geometry.height),
      let columns = SmallAxis(forward: geometry.width)
    else { return nil }
    self.init(rows, columns, geometry, channels: geometry.inputChannels)
  }

  /// The window of its input gradient, if that is small.
  init?(transposed geometry: ConvolutionGeometry) {
    guard Self.isFlat(geometry), let rows = SmallAxis(transposed: geometry.height),
      let columns = SmallAxis(transposed: geometry.width)
    else { return nil }
    self.init(rows, columns, geometry, channels: geometry.outputChannels)
  }

  private init?(
    _ rows: SmallAxis, _ columns: SmallAxis, _ geometry: ConvolutionGeometry, channels: Int
  ) {
    (self.rows, self.columns) = (rows, columns)
    // Short rows fill a vector no better than eight numbers do.
    let positions = geometry.batch * rows.outputs * ((columns.outputs + 7) / 8 * 8)
    let products = geometry.inputChannels * geometry.groupOutputs * geometry.taps
    guard positions <= Self.mostWork, products <= Self.mostWork,
      positions * products <= Self.mostWork, rows.padded <= Self.mostCells,
      columns.padded <= Self.mostCells, geometry.batch * channels * planeSize <= Self.mostCells
    else { return nil }
  }

  /// Whether there is no third axis.
  private static func isFlat(_ geometry: ConvolutionGeometry) -> Bool {
    geometry.depth == WindowAxis(extent: 1, kernel: 1)
  }

  /// The distance between two copies.
  var planeSize: Int { rows.padded * columns.padded }

  /// Planes that lie one after the other, and where they go with the zeros around them.
  func copies<S>(
    of source: UnsafePointer<S>, planes: Int, to target: UnsafeMutablePointer<S>
  ) -> SmallCopies<S> {
    SmallCopies(
      instructions: .current, window: self, planes: planes, source: source, target: target)
  }

  /// Calls `body` with the places of the terms in the copies of some channels, channel by channel.
  func withTerms(channels: Int, _ body: (UnsafePointer<Int>) -> Void) {
    let count = channels * rows.kernel * columns.kernel
    withUnsafeTemporaryAllocation(of: Int.self, capacity: count) { offsets in
      guard let first = offsets.baseAddress else { return }
      var next = first
      for channel in 0..<channels {
        for p in 0..<rows.kernel {
          let line = channel * planeSize + rows.shift(p) * columns.padded
          for q in 0..<columns.kernel {
            next.initialize(to: line + columns.shift(q))
            next += 1
          }
        }
      }
      body(first)
    }
  }
}
