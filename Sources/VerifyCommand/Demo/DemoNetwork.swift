import Conformance
import LayerKit
import Network
import Tensors

/// The network of the demo: small, and of shapes in which no two extents could be mistaken.
struct DemoNetwork {
  /// One layer as a fixture describes it.
  struct Layer {
    let kind: String
    let name: String
    let inputs: [String]
    var hyperparameters: [String: [Int]] = [:]
  }

  static let layers = [
    Layer(kind: "Conv2d", name: "conv1", inputs: ["image"], hyperparameters: ["padding": [1, 0]]),
    Layer(kind: "ReLU", name: "relu1", inputs: ["conv1"]),  // [3, 4, 12, 9]
    Layer(
      kind: "MaxPool2d", name: "pool", inputs: ["relu1"], hyperparameters: ["kernel_size": [2]]),
    Layer(  // from [3, 4, 6, 4] to [3, 5, 3, 3]
      kind: "Conv2d", name: "conv2", inputs: ["pool"],
      hyperparameters: ["stride": [2, 2], "padding": [1, 1]]),
    Layer(kind: "ReLU", name: "relu2", inputs: ["conv2"]),
    Layer(kind: "Flatten", name: "flatten", inputs: ["relu2"]),  // [3, 45]
    Layer(kind: "Linear", name: "fc", inputs: ["flatten"]),  // [3, 4]
    Layer(kind: "CrossEntropyLoss", name: "loss", inputs: ["fc", "label"]),
  ]

  /// The shape of each weight; biases are as long as its first axis.
  private static let weights: [String: Shape] = [
    "conv1": [4, 2, 3, 2], "conv2": [5, 4, 3, 2], "fc": [4, 45],
  ]

  /// Where the drawn numbers begin.
  static let seed: UInt64 = 7

  /// The network with drawn parameters, in the precision that frameworks use.
  let model: Model<Float>
  /// A batch of three images and their labels.
  let inputs: [String: Tensor<Float>]

  /// Builds the network of the kinds that a registry knows.
  init(_ registry: LayerRegistry) throws {
    var builder = NetworkBuilder(registry)
    var outputs: [String: Network.Source] = [:]
    for layer in Self.layers {
      let sources = layer.inputs.map { outputs[$0] ?? .input($0) }
      outputs[layer.name] = try builder.add(
        layer.kind, layer.name, sources,
        layer.hyperparameters.mapValues { .list($0.map { .integer($0) }) })
    }
    var generator = SplitMix64(seed: Self.seed)
    func drawn(_ shape: Shape, in range: ClosedRange<Float> = -1...1) -> Tensor<Float> {
      Tensor(shape, (0..<shape.count).map { _ in Float.random(in: range, using: &generator) })
    }
    let network = builder.network
    // A bias above zero keeps every channel alive behind its ReLU: a dead one hides mistakes.
    let operands = network.nodes.map { node in
      guard let shape = Self.weights[node.name] else { return Operands<Float>() }
      return Operands(parameters: ["weight": drawn(shape), "bias": drawn([shape[0]], in: 0...1)])
    }
    model = Model(network, layers: operands, objective: network.nodes.count - 1)
    inputs = ["image": drawn([3, 2, 12, 10]), "label": Tensor([3], [2, 0, 3])]
  }

  /// Everything that a framework records of a training step, with a mistake in it where one is
  /// given; what is computed after the mistake is computed from it.
  func pass(with bug: PlantedBug? = nil) throws -> Pass<Float> {
    guard let bug else { return try model.forwardAndBackward(inputs) }
    return try model.forwardAndBackward(inputs) { application, result, computed in
      guard network.nodes[application.node].name == bug.layer, result == bug.tensor else {
        return computed
      }
      return bug.wrong(application, computed)
    }
  }

  private var network: Network { model.network }
}
