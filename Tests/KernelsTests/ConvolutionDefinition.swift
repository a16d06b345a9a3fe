import Kernels

/// Convolutions as the formula says, term by term.
struct ConvolutionDefinition<S: KernelScalar> {
  let geometry: ConvolutionGeometry

  /// Calls `body(n, o, y, x, i, p, q, h, w)` as flat offsets for every product of the sum:
  /// output, input, weight.
  private func forEachTerm(_ body: (_ output: Int, _ input: Int, _ weight: Int) -> Void) {
    let g = geometry
    let (inputs, outputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    for n in 0..<g.batch {
      for o in 0..<g.outputChannels {
        for y in 0..<g.height.output {
          for x in 0..<g.width.output {
            let output = ((n * g.outputChannels + o) * g.height.output + y) * g.width.output + x
            for i in 0..<inputs {
              for p in 0..<g.height.kernel {
                let h = y * g.height.stride + p * g.height.dilation - g.height.paddingBegin
                guard h >= 0, h < g.height.extent else { continue }
                for q in 0..<g.width.kernel {
                  let w = x * g.width.stride + q * g.width.dilation - g.width.paddingBegin
                  guard w >= 0, w < g.width.extent else { continue }
                  let channel = o / outputs * inputs + i
                  let input =
                    ((n * g.inputChannels + channel) * g.height.extent + h) * g.width.extent + w
                  let weight = ((o * inputs + i) * g.height.kernel + p) * g.width.kernel + q
                  body(output, input, weight)
                }
              }
            }
          }
        }
      }
    }
  }

  func forward(_ x: [S], _ w: [S], bias: [S]?) -> [S] {
    let area = geometry.height.output * geometry.width.output
    var y = (0..<geometry.outputCount).map { bias?[$0 / area % geometry.outputChannels] ?? 0 }
    forEachTerm { y[$0] += x[$1] * w[$2] }
    return y
  }

  func inputGradient(_ dy: [S], _ w: [S]) -> [S] {
    var dx = [S](repeating: 0, count: geometry.inputCount)
    forEachTerm { dx[$1] += dy[$0] * w[$2] }
    return dx
  }

  func weightGradient(_ x: [S], _ dy: [S]) -> [S] {
    var dw = [S](repeating: 0, count: geometry.weightCount)
    forEachTerm { dw[$2] += dy[$0] * x[$1] }
    return dw
  }

  func biasGradient(_ dy: [S]) -> [S] {
    let area = geometry.height.output * geometry.width.output
    var db = [S](repeating: 0, count: geometry.outputChannels)
    for (index, value) in dy.enumerated() { db[index / area % geometry.outputChannels] += value }
    return db
  }
}

extension ConvolutionGeometry {
  /// A random small geometry: strides, dilation, uneven padding (also beyond the kernel), groups.
  static func random(using samples: inout Samples) -> ConvolutionGeometry {
    func axis(_ longest: Int) -> WindowAxis {
      let kernel = Int.random(in: 1...5, using: &samples)
      let dilation = Int.random(in: 1...3, using: &samples)
      let begin = Int.random(in: 0...kernel + 1, using: &samples)
      let end = Int.random(in: 0...kernel + 1, using: &samples)
      let least = max(1, dilation * (kernel - 1) + 1 - begin - end)
      return WindowAxis(
        extent: Int.random(in: least...max(least, longest), using: &samples), kernel: kernel,
        stride: Int.random(in: 1...4, using: &samples), paddingBegin: begin, paddingEnd: end,
        dilation: dilation)
    }
    let groups = [1, 1, 1, 2, 3, 5].randomElement(using: &samples) ?? 1
    return ConvolutionGeometry(
      batch: Int.random(in: 1...5, using: &samples),
      inputChannels: groups * Int.random(in: 1...4, using: &samples),
      outputChannels: groups * Int.random(in: 1...5, using: &samples), groups: groups,
      height: axis(9), width: axis(14))
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
  ]

  private static func of(
    _ batch: Int, _ inputs: Int, _ outputs: Int, _ height: Int, _ width: Int, kernel: Int,
    stride: Int = 1, padding: Int = 0, groups: Int = 1
  ) -> ConvolutionGeometry {
    func axis(_ extent: Int) -> WindowAxis {
      let kernel = min(kernel, extent + 2 * padding)
      return WindowAxis(
        extent: extent, kernel: kernel, stride: stride, paddingBegin: padding, paddingEnd: padding)
    }
    return ConvolutionGeometry(
      batch: batch, inputChannels: inputs, outputChannels: outputs, groups: groups,
      height: axis(height), width: axis(width))
  }
}
