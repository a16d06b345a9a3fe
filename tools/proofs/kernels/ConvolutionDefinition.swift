import Kernels
import Tensors

/// Convolutions as the formula says, term by term, in sums that are wider than the kernels'.
struct ConvolutionDefinition<S: ProofScalar>: Sendable {
  private let shape: ConvolutionShape
  private let inputArea: Int
  private let outputArea: Int
  private let taps: Int
  /// Which cell each tap of each window lies on, without those in the padding.
  private let cells: [(window: Int, tap: Int, cell: Int)]

  private typealias Sums = [ExactSum<S>]

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    let outputs = shape.axes.map(\.window.output)
    inputArea = shape.axes.reduce(1) { $0 * $1.extent }
    outputArea = outputs.reduce(1, *)
    taps = shape.axes.reduce(1) { $0 * $1.kernel }
    cells = zip(shape.axes, outputs).reduce([(0, 0, 0)]) { cells, next in
      let (axis, windows) = next
      return cells.flatMap { window, tap, cell in
        (0..<windows * axis.kernel).compactMap { index in
          let (y, p) = index.quotientAndRemainder(dividingBy: axis.kernel)
          let h = y * axis.stride + p * axis.dilation - axis.begin
          guard h >= 0, h < axis.extent else { return nil }
          return (window * windows + y, tap * axis.kernel + p, cell * axis.extent + h)
        }
      }
    }
  }

  private var inputChannels: Int { shape.groups * shape.inputs }
  private var outputChannels: Int { shape.groups * shape.outputs }

  /// Y[n,o,y] = b[o] + Σ_{i,p} W[o,i,p] · X[n, i, yS + pD − P].
  func forward(_ x: [S], _ w: [S], bias: [S]?) -> [ExactSum<S>] {
    planes(shape.batch * outputChannels, area: outputArea) { plane, sums in
      let (n, o) = plane.quotientAndRemainder(dividingBy: outputChannels)
      for i in 0..<shape.inputs {
        let input = (n * inputChannels + o / shape.outputs * shape.inputs + i) * inputArea
        let weight = (o * shape.inputs + i) * taps
        for (window, tap, cell) in cells {
          sums[window].add(w[weight + tap], times: x[input + cell])
        }
      }
      if let bias { for window in sums.indices { sums[window].add(bias[o]) } }
    }
  }

  /// Z[n,i,h] = b[i] + Σ W[o,i,p] · X[n,o,y] over all o, p, y with yS + pD − P = h.
  func transposed(_ dy: [S], _ w: [S], bias: [S]?) -> [ExactSum<S>] {
    planes(shape.batch * inputChannels, area: inputArea) { plane, sums in
      let (n, channel) = plane.quotientAndRemainder(dividingBy: inputChannels)
      let (group, i) = channel.quotientAndRemainder(dividingBy: shape.inputs)
      for o in group * shape.outputs..<(group + 1) * shape.outputs {
        let output = (n * outputChannels + o) * outputArea
        let weight = (o * shape.inputs + i) * taps
        for (window, tap, cell) in cells {
          sums[cell].add(w[weight + tap], times: dy[output + window])
        }
      }
      if let bias { for cell in sums.indices { sums[cell].add(bias[channel]) } }
    }
  }

  /// dW[o,i,p] = Σ_{n,y} g[n,o,y] · X[n, i, yS + pD − P].
  func weightGradient(_ x: [S], _ dy: [S]) -> [ExactSum<S>] {
    planes(outputChannels * shape.inputs, area: taps) { plane, sums in
      let (o, i) = plane.quotientAndRemainder(dividingBy: shape.inputs)
      for n in 0..<shape.batch {
        let input = (n * inputChannels + o / shape.outputs * shape.inputs + i) * inputArea
        let output = (n * outputChannels + o) * outputArea
        for (window, tap, cell) in cells {
          sums[tap].add(dy[output + window], times: x[input + cell])
        }
      }
    }
  }

  /// db[o] = Σ_{n,y} g[n,o,y].
  func biasGradient(_ dy: [S]) -> [ExactSum<S>] {
    planes(outputChannels, area: 1) { o, sums in
      for n in 0..<shape.batch {
        let start = (n * outputChannels + o) * outputArea
        for window in 0..<outputArea { sums[0].add(dy[start + window]) }
      }
    }
  }

  /// Sums for `count` planes of `area` elements, each plane by itself.
  private func planes(
    _ count: Int, area: Int, _ add: @Sendable (Int, inout [ExactSum<S>]) -> Void
  ) -> [ExactSum<S>] {
    Parallel.map(count) { plane in
      var sums = Sums(repeating: ExactSum(), count: area)
      add(plane, &sums)
      return sums
    }.flatMap { $0 }
  }
}
