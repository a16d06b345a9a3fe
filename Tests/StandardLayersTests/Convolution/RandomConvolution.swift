import Conformance
import Kernels
import LayerKit
import StandardLayers
import Tensors

/// A convolution of random geometry: every number of each axis is drawn on its own.
struct RandomConvolution: CustomStringConvertible {
  let geometry: ConvolutionGeometry
  let seed: UInt64

  /// The geometry for a seed; the window always fits.
  init(seed: UInt64, axes: Int = 2) {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    let groups = random.integer(in: 1...3)
    geometry = ConvolutionGeometry(
      batch: random.integer(in: 1...2), inputChannels: groups * random.integer(in: 1...2),
      outputChannels: groups * random.integer(in: 1...2), groups: groups,
      axes: (0..<axes).map { _ in Self.axis(&random) })
  }

  private static func axis(_ random: inout SplitMix64) -> WindowAxis {
    while true {
      let kernel = random.integer(in: 1...4)
      let dilation = random.integer(in: 1...3)
      let reach = dilation * (kernel - 1) + 1
      let extent = random.integer(in: 1...7)
      let begin = random.integer(in: 0...min(4, reach + 1))
      let end = random.integer(in: 0...min(4, reach + 1))
      guard extent + begin + end >= reach else { continue }
      return WindowAxis(
        extent: extent, kernel: kernel, stride: random.integer(in: 1...4), paddingBegin: begin,
        paddingEnd: end, dilation: dilation)
    }
  }

  var description: String { "seed \(seed): \(geometry)" }

  private var axes: [WindowAxis] { geometry.axes }

  private var hyperparameters: [String: HyperparameterValue] {
    [
      "stride": .list(axes.map { .integer($0.stride) }),
      "dilation": .list(axes.map { .integer($0.dilation) }),
      "padding": .list(
        axes.map { .integer($0.paddingBegin) } + axes.map { .integer($0.paddingEnd) }),
      "groups": .integer(geometry.groups),
    ]
  }

  /// The layer.
  func layer() throws -> AnyLayer {
    try Application.layer("Conv\(axes.count)d", hyperparameters)
  }

  /// The layer whose map is the transposed one, from y to x.
  ///
  /// What the windows do not reach at the end is its output padding.
  func transposed() throws -> AnyLayer {
    var hyperparameters = hyperparameters
    hyperparameters["output_padding"] = .list(axes.map { .integer($0.remainder) })
    return try Application.layer("ConvTranspose\(axes.count)d", hyperparameters)
  }

  /// Random operands and a random upstream gradient.
  func operands(_ style: RandomOperands.Style) -> (Operands<Double>, upstream: Tensor<Double>) {
    var random = RandomOperands(seed: seed, style: style)
    let (inputs, outputs) = (geometry.inputChannels, geometry.outputChannels)
    let x = Shape([geometry.batch, inputs] + axes.map(\.extent))
    let w = Shape([outputs, inputs / geometry.groups] + axes.map(\.kernel))
    let y = Shape([geometry.batch, outputs] + axes.map(\.output))
    return (
      Operands(
        inputs: [random.tensor(x)],
        parameters: ["weight": random.tensor(w), "bias": random.tensor([w[0]])]),
      random.tensor(y)
    )
  }
}
