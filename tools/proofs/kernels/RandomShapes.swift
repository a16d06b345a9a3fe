import Kernels

/// Families of shapes: each is rich in one kind of what layers are made of.
enum Family: CaseIterable {
  case anything
  case depthwise
  case smallWindow
  case pointwise
  case manyOutputs
  case firstLayer
  case tileSizes
  case longSignal
  case linear
  case largeKernel
  case downsampling
  case unreached

  /// Channel counts around the sizes of tiles, panels and blocks.
  private static let counts = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 24, 27, 28, 29, 31, 32, 33, 47, 63,
    64, 65, 84, 85, 127, 128, 129,
  ]

  /// A random shape of at most `most` products.
  func shape(_ samples: inout Samples, most: Int) -> ConvolutionShape {
    for _ in 0..<200 {
      let shape = candidate(&samples, scale: most > 1 << 20 ? 4 : 1)
      if shape.isValid, shape.terms <= most { return shape }
    }
    return ConvolutionShape(inputs: 1, outputs: 1, axes: [AxisShape(extent: 5, kernel: 2)])
  }

  private func candidate(_ samples: inout Samples, scale: Int) -> ConvolutionShape {
    func number(_ most: Int) -> Int { samples.logarithmic(upTo: most) }
    func axes(_ count: Int, longest: Int, kernel: Int) -> [AxisShape] {
      (0..<count).map { _ in Self.axis(&samples, longest: longest, kernel: kernel) }
    }
    let rank = samples.pick([1, 2, 2, 2, 3])
    let longest = [300, 60, 16][rank - 1] * scale
    switch self {
    case .anything:
      return ConvolutionShape(
        batch: number(5), groups: samples.pick([1, 1, 1, 2, 3, 5]), inputs: number(8),
        outputs: number(8), axes: axes(rank, longest: longest, kernel: 6))
    case .depthwise:
      return ConvolutionShape(
        batch: number(3), groups: samples.pick([7, 8, 9, 12, 16, 17, 33, 70]),
        inputs: samples.pick([1, 1, 1, 2]), outputs: samples.pick([1, 1, 2, 3]),
        axes: axes(rank, longest: longest, kernel: 5))
    case .smallWindow:
      let kernel = samples.pick([3, 3, 5])
      let stride = samples.pick([1, 2])
      return ConvolutionShape(
        batch: number(3), groups: samples.pick([8, 9, 17, 33]), inputs: samples.pick([1, 1, 1, 2]),
        outputs: samples.pick([1, 1, 1, 2]),
        axes: (0..<2).map { _ in
          AxisShape(
            extent: samples.pick([number(longest), 7, 14, 15, 16, 17]), kernel: kernel,
            stride: stride, begin: Int.random(in: 0...kernel, using: &samples),
            end: Int.random(in: -2...kernel, using: &samples))
        })
    case .pointwise:
      let shift = samples.pick([0, 0, 0, 1])
      let stride = samples.pick([1, 1, 1, 2])
      return ConvolutionShape(
        batch: number(4), groups: samples.pick([1, 1, 1, 2]),
        inputs: samples.pick(Self.counts + [255, 270]), outputs: samples.pick(Self.counts),
        axes: (0..<rank).map { _ in
          AxisShape(
            extent: number(longest / 2), kernel: 1, stride: stride, begin: shift,
            end: shift == 0 ? 0 : samples.pick([-1, 0, 1, 2]))
        })
    case .manyOutputs:
      return ConvolutionShape(
        batch: number(3), inputs: number(scale * 4),
        outputs: samples.pick([127, 128, 129, 200, 255, 256, 257, 260, 300, 513]),
        axes: axes(rank, longest: 12 * scale, kernel: 3))
    case .firstLayer:
      let kernel = samples.pick([3, 5, 7, 11])
      let stride = samples.pick([1, 2, 4])
      return ConvolutionShape(
        batch: number(2), inputs: samples.pick([1, 2, 3, 4]), outputs: samples.pick([6, 16, 32]),
        axes: (0..<min(rank, 2)).map { _ in
          AxisShape(
            extent: number(longest), kernel: kernel, stride: stride, begin: kernel / 2,
            end: kernel / 2)
        })
    case .tileSizes:
      return ConvolutionShape(
        batch: number(3), inputs: samples.pick(Self.counts), outputs: samples.pick(Self.counts),
        axes: axes(rank, longest: 16 * scale, kernel: 3))
    case .longSignal:
      let line = Self.axis(&samples, longest: 3_000 * scale, kernel: 9)
      let other = AxisShape(extent: number(3), kernel: 1)
      return ConvolutionShape(
        batch: number(2), groups: samples.pick([1, 1, 2, 8, 9]), inputs: number(3),
        outputs: number(6), axes: samples.pick([[line], [other, line], [line, other]]))
    case .linear:
      return ConvolutionShape(
        batch: samples.pick([1, 2, 5, 8, 31, 32, 33, 40]), inputs: number(40),
        outputs: samples.pick(Self.counts),
        axes: (0..<rank).map { _ in
          let extent = number(7)
          return AxisShape(extent: extent, kernel: extent)
        })
    case .largeKernel:
      return ConvolutionShape(
        inputs: number(3), outputs: number(20), axes: axes(rank, longest: longest, kernel: 17))
    case .downsampling:
      let stride = samples.pick([2, 2, 3, 4])
      return ConvolutionShape(
        batch: number(3), groups: samples.pick([1, 1, 2, 8, 16]), inputs: number(16),
        outputs: number(16),
        axes: (0..<rank).map { _ in
          AxisShape(
            extent: number(longest), kernel: samples.pick([1, 2, 3, 3, 4, 5]), stride: stride,
            begin: samples.pick([0, 1, 1, 2]), end: samples.pick([-2, -1, 0, 1, 1, 2]))
        })
    case .unreached:
      return ConvolutionShape(
        batch: number(2), groups: samples.pick([1, 2, 8]), inputs: number(3), outputs: number(4),
        axes: (0..<rank).map { _ in
          AxisShape(
            extent: number(longest), kernel: samples.pick([1, 2]), stride: samples.pick([3, 5, 7]),
            begin: samples.pick([0, 1, 4, 9]), end: samples.pick([-3, 0, 4]),
            dilation: samples.pick([1, 1, 2, 7]))
        })
    }
  }

  private static func axis(
    _ samples: inout Samples, longest: Int, kernel most: Int
  ) -> AxisShape {
    let kernel = Int.random(in: 1...most, using: &samples)
    return AxisShape(
      extent: samples.logarithmic(upTo: longest), kernel: kernel,
      stride: samples.pick([1, 1, 2, 2, 3, 4]),
      begin: Int.random(in: 0...kernel + 1, using: &samples),
      end: Int.random(in: -3...kernel + 1, using: &samples),
      dilation: samples.pick([1, 1, 1, 2, 3])
    )
  }
}
