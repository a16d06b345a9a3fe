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
  init(seed: UInt64) {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    let groups = random.integer(in: 1...3)
    geometry = ConvolutionGeometry(
      batch: random.integer(in: 1...2), inputChannels: groups * random.integer(in: 1...2),
      outputChannels: groups * random.integer(in: 1...2), groups: groups,
      height: Self.axis(&random), width: Self.axis(&random))
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

  /// The layer.
  func layer() throws -> AnyLayer {
    let (height, width) = (geometry.height, geometry.width)
    return try LayerDefinition(Conv2d.self).layer([
      "stride": [.integer(height.stride), .integer(width.stride)],
      "dilation": [.integer(height.dilation), .integer(width.dilation)],
      "padding": [
        .integer(height.paddingBegin), .integer(width.paddingBegin),
        .integer(height.paddingEnd), .integer(width.paddingEnd),
      ],
      "groups": .integer(geometry.groups),
    ])
  }

  /// Random operands and a random upstream gradient.
  func operands(_ style: RandomOperands.Style) -> (Operands<Double>, upstream: Tensor<Double>) {
    var random = RandomOperands(seed: seed, style: style)
    let (height, width) = (geometry.height, geometry.width)
    let x: Shape = [geometry.batch, geometry.inputChannels, height.extent, width.extent]
    let w: Shape = [
      geometry.outputChannels, geometry.inputChannels / geometry.groups, height.kernel,
      width.kernel,
    ]
    let y: Shape = [geometry.batch, geometry.outputChannels, height.output, width.output]
    return (
      Operands(
        inputs: [random.tensor(x)],
        parameters: ["weight": random.tensor(w), "bias": random.tensor([w[0]])]),
      random.tensor(y)
    )
  }
}
