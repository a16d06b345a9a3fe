import LayerKit
import Network
import Tensors

/// One step of training up to the gradients: forward and backward, with random weights and images.
struct TrainingStep<S: TrainingScalar> {
  private var model: Model<S>
  private let batch: [String: Tensor<S>]
  private var random = RandomNumbers()

  /// Draws the weights and a batch.
  init(_ architecture: Architecture, as type: S.Type) throws {
    var random = RandomNumbers()
    let blueprint = try architecture.blueprint()
    let layers = blueprint.shapes.map { shapes in
      // Evenly between ±1/√(inputs of a unit), as PyTorch draws them; a normalisation begins as
      // the identity.
      let isFilter = shapes.parameters["weight"].map { $0.rank > 1 } ?? false
      let weight = shapes.parameters["weight"]
      let limit = weight.map { 1 / Double($0.count / $0[0]).squareRoot() } ?? 0
      var operands = Operands<S>(
        buffers: shapes.buffers.mapValues { Tensor($0, repeating: 0) }, isTraining: true,
        format: MemoryLayout<S>.size == 4 ? .float32 : .float64)
      for (name, shape) in shapes.parameters.sorted(by: { $0.key < $1.key }) {
        operands.parameters[name] =
          isFilter
          ? random.tensor(shape, limit: limit) : Tensor(shape, repeating: name == "weight" ? 1 : 0)
      }
      operands.auxiliary = shapes.auxiliary.mapValues { Tensor($0, repeating: 1) }
      return operands
    }
    let network = blueprint.network
    model = Model(network, layers: layers, objective: network.nodes.count - 1)
    let labels = (0..<architecture.images[0]).map { S(Double(7 * $0 % architecture.classes)) }
    batch = [
      "image": random.tensor(architecture.images, limit: 2),
      "label": Tensor([labels.count], labels),
    ]
    self.random = random
  }

  /// The number of trainable elements.
  var parameters: Int {
    model.layers.reduce(0) { $0 + $1.parameters.values.reduce(0) { $0 + $1.count } }
  }

  /// Runs it once, with masks of its own; everything that was computed is let go at the end.
  mutating func run() throws -> Pass<S> {
    for layer in model.layers.indices where !model.layers[layer].auxiliary.isEmpty {
      // How many are kept changes nothing in what a step takes.
      model.layers[layer].auxiliary = model.layers[layer].auxiliary.mapValues {
        random.tensor($0.shape, limit: 1).map { $0 < 0 ? 0 : 1 }
      }
    }
    return try model.forwardAndBackward(batch)
  }

  /// The elements that all convolutions put out: they tell strides and paddings apart.
  mutating func convolved() throws -> Int {
    let pass = try run()
    return zip(model.network.nodes, pass.outputs).reduce(0) { sum, layer in
      layer.0.layer?.signature.kind == "Conv2d" ? sum + (layer.1.first?.count ?? 0) : sum
    }
  }

  /// Whether every parameter has a gradient of finite numbers that are not all 0.
  mutating func isComplete() throws -> Bool {
    let pass = try run()
    return zip(model.layers, pass.parameterGradients).allSatisfy { layer, gradients in
      layer.parameters.keys.allSatisfy { name in
        guard let gradient = gradients[name]?.elements else { return false }
        return gradient.allSatisfy { $0.isFinite } && gradient.contains { $0 != 0 }
      }
    }
  }
}

/// Numbers that need not be good, only quick: a fixed seed, since only the time matters.
struct RandomNumbers {
  private var state: UInt64 = 1

  /// A tensor of numbers between ±`limit`.
  mutating func tensor<S: LayerScalar>(_ shape: Shape, limit: Double) -> Tensor<S> {
    let elements = [S](unsafeUninitializedCapacity: shape.count) { buffer, count in
      for index in 0..<shape.count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let unit = Double(state >> 33) / Double(1 << 30) - 1
        buffer.initializeElement(at: index, to: S(unit * limit))
      }
      count = shape.count
    }
    return Tensor(shape, elements)
  }
}
