import Kernels

/// Convolutions as the formula says, term by term.
struct ConvolutionDefinition<S: KernelScalar> {
  let geometry: ConvolutionGeometry

  /// Calls `body` for every product of the sum, with the flat offsets of its output, its input and
  /// its weight.
  private func forEachTerm(_ body: (_ output: Int, _ input: Int, _ weight: Int) -> Void) {
    let g = geometry
    let (inputs, outputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    let cells = cells()
    for n in 0..<g.batch {
      for o in 0..<g.outputChannels {
        for i in 0..<inputs {
          let channel = o / outputs * inputs + i
          for (window, tap, cell) in cells {
            body(
              (n * g.outputChannels + o) * outputArea + window,
              (n * g.inputChannels + channel) * inputArea + cell, (o * inputs + i) * taps + tap)
          }
        }
      }
    }
  }

  /// Which cell each tap of each window lies on, without those in the padding: axis by axis, the
  /// last axis fastest.
  private func cells() -> [(window: Int, tap: Int, cell: Int)] {
    geometry.axes.reduce(into: [(0, 0, 0)]) { cells, axis in
      cells = cells.flatMap { window, tap, cell in
        (0..<axis.output * axis.kernel).compactMap { index in
          let (y, p) = index.quotientAndRemainder(dividingBy: axis.kernel)
          let h = y * axis.stride + p * axis.dilation - axis.paddingBegin
          guard h >= 0, h < axis.extent else { return nil }
          return (window * axis.output + y, tap * axis.kernel + p, cell * axis.extent + h)
        }
      }
    }
  }

  private var taps: Int { geometry.axes.reduce(1) { $0 * $1.kernel } }
  private var inputArea: Int { geometry.axes.reduce(1) { $0 * $1.extent } }
  private var outputArea: Int { geometry.axes.reduce(1) { $0 * $1.output } }

  func forward(_ x: [S], _ w: [S], bias: [S]?) -> [S] {
    var y = (0..<geometry.outputCount).map {
      bias?[$0 / outputArea % geometry.outputChannels] ?? 0
    }
    forEachTerm { y[$0] += x[$1] * w[$2] }
    return y
  }

  func transposed(_ dy: [S], _ w: [S], bias: [S]?) -> [S] {
    var dx = (0..<geometry.inputCount).map { bias?[$0 / inputArea % geometry.inputChannels] ?? 0 }
    forEachTerm { dx[$1] += dy[$0] * w[$2] }
    return dx
  }

  func weightGradient(_ x: [S], _ dy: [S]) -> [S] {
    var dw = [S](repeating: 0, count: geometry.weightCount)
    forEachTerm { dw[$2] += dy[$0] * x[$1] }
    return dw
  }

  func biasGradient(_ dy: [S]) -> [S] {
    var db = [S](repeating: 0, count: geometry.outputChannels)
    for (index, value) in dy.enumerated() {
      db[index / outputArea % geometry.outputChannels] += value
    }
    return db
  }
}

extension ConvolutionGeometry {
  /// A random small geometry of one to three axes: strides, dilation, groups, uneven padding that may
  /// be longer than the kernel, and cells cut off at the end.
  static func random(using samples: inout Samples) -> ConvolutionGeometry {
    let count = Int.random(in: 1...3, using: &samples)
    // Many groups of few channels are computed plane by plane.
    let groups = [1, 1, 1, 2, 3, 9].randomElement(using: &samples) ?? 1
    let most = groups > 3 ? 2 : 5
    return ConvolutionGeometry(
      batch: Int.random(in: 1...(count == 3 ? 2 : 5), using: &samples),
      inputChannels: groups * Int.random(in: 1...min(most, 4), using: &samples),
      outputChannels: groups * Int.random(in: 1...most, using: &samples), groups: groups,
      axes: [[40], [9, 14], [5, 6, 7]][count - 1].map {
        axis(longest: $0, most: count == 3 ? 3 : 5, &samples)
      })
  }

  private static func axis(
    longest: Int, most: Int, _ samples: inout Samples
  ) -> WindowAxis {
    let kernel = Int.random(in: 1...most, using: &samples)
    let dilation = Int.random(in: 1...3, using: &samples)
    let begin = Int.random(in: 0...kernel + 1, using: &samples)
    let end = Int.random(in: -3...kernel + 1, using: &samples)
    let least = max(1, dilation * (kernel - 1) + 1 - begin - end)
    return WindowAxis(
      extent: Int.random(in: least...max(least, longest), using: &samples), kernel: kernel,
      stride: Int.random(in: 1...4, using: &samples), paddingBegin: begin, paddingEnd: end,
      dilation: dilation)
  }

  /// Shapes that reach the paths for which the random ones are too small.
  static let special: [ConvolutionGeometry] = [
    // One by one, without gaps, more channels than a block of terms.
    of(2, 270, 17, 3, 7, kernel: 1), of(3, 8, 40, 4, 4, kernel: 1, stride: 2),
    // More rows than a panel, several blocks, images smaller than a tile.
    of(3, 20, 35, 7, 7, kernel: 3, padding: 1), of(1, 33, 31, 3, 20, kernel: 3, padding: 1),
    // Depthwise, and few channels in many groups.
    of(2, 24, 24, 9, 9, kernel: 3, padding: 1, groups: 24),
    of(2, 32, 32, 8, 8, kernel: 3, stride: 2, padding: 1, groups: 8),
    // Planes that are cut into bands of rows and of columns; more groups than a batch of copies.
    of(1, 8, 16, 90, 130, kernel: 3, stride: 2, padding: 1, groups: 8),
    of(1, 16, 8, 3, 5_000, kernel: 3, padding: 2, groups: 8),
    of(2, 300, 300, 7, 7, kernel: 3, padding: 1, groups: 300),
    of(1, 9, 9, [9_000], kernel: 7, stride: 3, padding: 2, groups: 9),
    // Planes that are read where they are, without copies.
    of(2, 8, 8, 7, 7, kernel: 3, stride: 2, padding: 1, groups: 8),
    of(1, 8, 16, 15, 14, kernel: 5, padding: 2, groups: 8),
    of(1, 16, 8, 15, 30, kernel: 5, stride: 2, padding: 1, groups: 8),
    of(1, 8, 8, 12, 150, kernel: 3, padding: 1, groups: 8),
    // A first layer; a kernel of more taps than a block; a very wide image.
    of(1, 3, 16, 30, 30, kernel: 7, stride: 2, padding: 3), of(1, 2, 3, 20, 20, kernel: 17),
    of(1, 2, 20, 1, 9_000, kernel: 1), of(1, 1, 2, 3, 3_000, kernel: 3, padding: 1),
    // So many outputs of so few positions that the outputs are cut into parts.
    of(2, 2, 260, 7, 7, kernel: 3, padding: 1), of(1, 1, 260, 24, 24, kernel: 1),
    // One window over the whole input: a linear layer. Few outputs with rows longer than a vector.
    of(4, 7, 30, 5, 5, kernel: 5), of(2, 2, 6, 12, 37, kernel: 5, padding: 1),
    of(3, 6, 6, 21, 70, kernel: 3, stride: 2, padding: 1, groups: 6),
    // A stride longer than the kernel leaves input cells without any gradient.
    of(2, 3, 4, 11, 13, kernel: 2, stride: 5), of(1, 2, 2, 2, 2, kernel: 1, stride: 5, padding: 4),
    // One axis: a long signal, more channels than a block of terms, one window over everything.
    of(2, 3, 8, [5_000], kernel: 9, stride: 4, padding: 4), of(3, 70, 40, [33], kernel: 3),
    of(3, 5, 7, [6], kernel: 6), of(4, 24, 24, [50], kernel: 5, padding: 2, groups: 24),
    // Three axes: many channels, a first layer, depthwise, a linear layer, one by one by one,
    // kernels of more taps than a block.
    of(1, 20, 35, [3, 5, 6], kernel: 3, padding: 1),
    of(1, 3, 16, [7, 10, 10], kernel: 5, stride: 2, padding: 2),
    of(2, 12, 12, [5, 6, 9], kernel: 3, padding: 1, groups: 12),
    of(3, 4, 9, [3, 3, 3], kernel: 3), of(2, 140, 9, [2, 4, 5], kernel: 1),
    of(1, 2, 3, [8, 8, 8], kernel: 6, padding: 2), of(2, 1, 260, [2, 5, 5], kernel: 3, padding: 1),
    // A stride longer than the kernel in the depth: planes without any gradient.
    of(1, 2, 3, [11, 5, 4], kernel: 2, stride: 5),
  ]

  private static func of(
    _ batch: Int, _ inputs: Int, _ outputs: Int, _ height: Int, _ width: Int, kernel: Int,
    stride: Int = 1, padding: Int = 0, groups: Int = 1
  ) -> ConvolutionGeometry {
    of(
      batch, inputs, outputs, [height, width], kernel: kernel, stride: stride, padding: padding,
      groups: groups)
  }

  private static func of(
    _ batch: Int, _ inputs: Int, _ outputs: Int, _ extents: [Int], kernel: Int, stride: Int = 1,
    padding: Int = 0, groups: Int = 1
  ) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: batch, inputChannels: inputs, outputChannels: outputs, groups: groups,
      axes: extents.map { extent in
        WindowAxis(
          extent: extent, kernel: min(kernel, extent + 2 * padding), stride: stride,
          paddingBegin: padding, paddingEnd: padding)
      })
  }
}
