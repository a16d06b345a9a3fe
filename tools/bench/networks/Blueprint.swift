import LayerKit
import Network
import StandardLayers
import Tensors

/// A network in the making, with the shapes of the tensors that each layer computes from.
struct Blueprint {
  private var builder: NetworkBuilder
  /// The tensors of each layer without its inputs, in the order of the network.
  private(set) var shapes: [OperandShapes] = []

  /// Begins a network whose input is `image`.
  init() throws { builder = NetworkBuilder(try LayerRegistry([StandardLayers.self])) }

  /// The layers so far.
  var network: Network { builder.network }

  /// Adds a layer with what it needs, and gives its output.
  @discardableResult
  mutating func add(
    _ kind: String, _ inputs: [Network.Source], _ settings: [String: HyperparameterValue] = [:],
    parameters: [String: Shape] = [:], buffers: [String: Shape] = [:],
    auxiliary: [String: Shape] = [:]
  ) throws -> Network.Source {
    shapes.append(
      OperandShapes(
        inputs: [], parameters: parameters, buffers: buffers, auxiliary: auxiliary,
        isTraining: true))
    return try builder.add(kind, "\(kind)\(shapes.count)", inputs, settings)
  }

  /// Adds a convolution, by default one that keeps the number of pixels, with a bias or without.
  mutating func convolution(
    _ x: Network.Source, _ channels: Int, to filters: Int, kernel: Int, stride: Int = 1,
    padding: Int = 0, groups: Int = 1, bias: Bool = false
  ) throws -> Network.Source {
    var parameters: [String: Shape] = ["weight": [filters, channels / groups, kernel, kernel]]
    if bias { parameters["bias"] = [filters] }
    return try add(
      "Conv2d", [x],
      ["stride": .integer(stride), "padding": .integer(padding), "groups": .integer(groups)],
      parameters: parameters)
  }

  /// Adds a batch normalisation, and what follows it.
  mutating func normalization(
    _ x: Network.Source, _ channels: Int, then activation: String? = nil
  ) throws -> Network.Source {
    let y = try add(
      "BatchNorm2d", [x], parameters: ["weight": [channels], "bias": [channels]],
      buffers: ["running_mean": [channels], "running_var": [channels]])
    return try activation.map { try add($0, [y]) } ?? y
  }

  /// Adds a fully connected layer with a bias.
  mutating func linear(_ x: Network.Source, _ features: Int, to units: Int) throws -> Network.Source
  {
    try add("Linear", [x], parameters: ["weight": [units, features], "bias": [units]])
  }
}
