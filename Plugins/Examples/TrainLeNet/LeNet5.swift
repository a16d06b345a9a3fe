import Conformance
import LayerKit
import Network
import StandardLayers
import Tensors

/// LeNet-5 with its objective (LeCun, Bottou, Bengio & Haffner 1998), as PyTorch users write it.
enum LeNet5 {
  /// The layers, from the inputs `image` [N, 1, 28, 28] and `label` [N] to the objective `loss`.
  static func network() throws -> Network {
    var net = NetworkBuilder(try LayerRegistry([StandardLayers.self]))
    var x = try net.add("Conv2d", "conv1", [.input("image")])  // [N, 6, 24, 24]
    x = try net.add("ReLU", "relu1", [x])
    x = try net.add("AvgPool2d", "pool1", [x], ["kernel_size": 2])
    x = try net.add("Conv2d", "conv2", [x])  // [N, 16, 8, 8]
    x = try net.add("ReLU", "relu2", [x])
    x = try net.add("MaxPool2d", "pool2", [x], ["kernel_size": 2])
    x = try net.add("Flatten", "flatten", [x])  // [N, 256]
    x = try net.add("Linear", "fc1", [x])
    x = try net.add("Tanh", "tanh", [x])
    x = try net.add("Linear", "fc2", [x])
    x = try net.add("ReLU", "relu3", [x])
    x = try net.add("Linear", "fc3", [x])  // [N, 10]
    try net.add("CrossEntropyLoss", "loss", [x, .input("label")])
    return net.network
  }

  /// The shape of each weight; biases are as long as its first axis.
  private static let weights: [String: Shape] = [
    "conv1": [6, 1, 5, 5], "conv2": [16, 6, 5, 5], "fc1": [120, 256], "fc2": [84, 120],
    "fc3": [10, 84],
  ]

  /// The network with parameters drawn as PyTorch draws them: evenly between ±1/√(inputs of a unit).
  static func model<S: TrainingScalar>(
    seed: UInt64, as type: S.Type = S.self
  ) throws -> Model<S> {
    let network = try network()
    var generator = SplitMix64(seed: seed)
    let layers = network.nodes.map { node in
      guard let shape = weights[node.name] else { return Operands<S>() }
      let limit = 1 / Double(shape.count / shape[0]).squareRoot()
      func drawn(_ shape: Shape) -> Tensor<S> {
        Tensor(
          shape,
          (0..<shape.count).map { _ in S(Double.random(in: -limit...limit, using: &generator)) })
      }
      return Operands<S>(parameters: ["weight": drawn(shape), "bias": drawn([shape[0]])])
    }
    return Model(network, layers: layers, objective: network.nodes.count - 1)
  }
}
