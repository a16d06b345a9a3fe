public import LayerKit
public import Tensors

/// A network with its parameters, at one precision: it can be run, and trained.
public struct Model<S: TrainingScalar>: Sendable {
  /// The layers and what feeds them.
  public let network: Network
  /// The layer whose output is the objective.
  public var objective: Int?
  /// What each layer computes from, in the order of the network, without its inputs.
  ///
  /// A parameter that layers share stands with each of them.
  public var layers: [Operands<S>]
  /// The uses of each parameter that is shared by several layers.
  public var shared: [[ParameterUse]] = []
  /// What the optimiser remembers of each parameter, by its first use.
  public var states: [ParameterUse: ParameterState<S>] = [:]

  /// Makes a model of a network and what its layers compute from.
  public init(_ network: Network, layers: [Operands<S>], objective: Int? = nil) {
    precondition(layers.count == network.nodes.count, "one set of operands for each layer")
    self.network = network
    self.layers = layers
    self.objective = objective
  }

  /// A parameter of a layer.
  public subscript(_ use: ParameterUse) -> Tensor<S>? { layers[use.layer].parameters[use.name] }

  /// The position of a layer.
  public func layer(_ name: String) -> Int? {
    network.nodes.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
  }

  // MARK: Running

  /// Computes all outputs; throws `NetworkProblem` where a layer cannot be computed.
  public func forward(_ inputs: [String: Tensor<S>]) throws -> Pass<S> {
    var pass = Pass<S>(layers: network.nodes.count)
    var run = try ChainedRun(
      network, supply: ModelSupply(model: self, inputs: inputs), memory: .unlimited)
    try run.forward { node, tensor, value in pass.insert(value, for: tensor, of: node) }
    return pass
  }

  /// Computes all outputs and all gradients of the objective.
  ///
  /// A layer from which nothing reaches the objective has no gradients. `substitution` gives what
  /// the pass goes on with in the place of a tensor; nil for what was computed.
  public func forwardAndBackward(
    _ inputs: [String: Tensor<S>], substituting substitution: Substitution<S>? = nil
  ) throws -> Pass<S> {
    var pass = Pass<S>(layers: network.nodes.count)
    var run = try ChainedRun(
      network, supply: ModelSupply(model: self, inputs: inputs), memory: .unlimited)
    run.substitution = substitution
    try run.run(
      upstream: { node, upstream in pass.upstream[node] = upstream },
      { node, tensor, value in pass.insert(value, for: tensor, of: node) })
    return pass
  }

  // MARK: Training

  /// Takes one training step on a batch, and returns what was computed before the update.
  @discardableResult
  public mutating func train(
    on inputs: [String: Tensor<S>], with optimizer: AnyOptimizer
  ) throws -> Pass<S> {
    let pass = try forwardAndBackward(inputs)
    for (node, buffers) in pass.buffers.enumerated() {
      layers[node].buffers.merge(buffers) { $1 }
    }
    update(with: optimizer, gradients: pass.parameterGradients)
    return pass
  }

  /// Moves every parameter that has a gradient; those of layers that share one are added.
  public mutating func update(
    with optimizer: AnyOptimizer, gradients: [[String: Tensor<S>]]
  ) {
    let sharing = Set(shared.joined())
    let single = layers.indices.flatMap { layer in
      layers[layer].parameters.keys.sorted().map { ParameterUse(layer: layer, name: $0) }
    }.filter { !sharing.contains($0) }
    for uses in single.map({ [$0] }) + shared {
      let all = uses.compactMap { gradients[$0.layer][$0.name] }
      guard let first = uses.first, let gradient = all.first, var parameter = self[first] else {
        continue
      }
      optimizer.update(
        &parameter, gradient: all.dropFirst().reduce(gradient) { $0.zip($1, +) },
        state: &states[first, default: ParameterState()])
      for use in uses { layers[use.layer].parameters[use.name] = parameter }
    }
  }
}

/// What one run of a model computed.
public struct Pass<S: TrainingScalar>: Sendable {
  /// The outputs of each layer.
  public internal(set) var outputs: [[Tensor<S>]]
  /// The state after the forward pass, as far as it has changed.
  public internal(set) var buffers: [[String: Tensor<S>]]
  /// ∂L/∂output of each layer: the sum over all that consume it; nil where none reaches it.
  public internal(set) var upstream: [[Tensor<S>]?]
  /// ∂L/∂input of each layer for this edge alone, by position.
  public internal(set) var inputGradients: [[Int: Tensor<S>]]
  /// ∂L/∂parameter of each layer from this application alone.
  public internal(set) var parameterGradients: [[String: Tensor<S>]]

  init(layers count: Int) {
    outputs = Array(repeating: [], count: count)
    buffers = Array(repeating: [:], count: count)
    upstream = Array(repeating: nil, count: count)
    inputGradients = Array(repeating: [:], count: count)
    parameterGradients = Array(repeating: [:], count: count)
  }

  mutating func insert(_ value: Tensor<S>, for tensor: ResultTensor, of node: Int) {
    switch tensor {
    case .output: outputs[node].append(value)
    case .buffer(let name): buffers[node][name] = value
    case .inputGradient(let input): inputGradients[node][input] = value
    case .parameterGradient(let name): parameterGradients[node][name] = value
    }
  }
}

/// What a model gives a run: everything, or what is missing is an error.
private struct ModelSupply<S: TrainingScalar>: NetworkSupply {
  let model: Model<S>
  let inputs: [String: Tensor<S>]

  var isComplete: Bool { true }

  func input(_ name: String) -> Tensor<S>? { inputs[name] }
  func operands(ofNode node: Int) -> Operands<S>? { model.layers[node] }
  func recordedOutput(ofNode node: Int, index: Int) -> Tensor<S>? { nil }
  func recordedInputGradient(ofNode node: Int, input: Int) -> Tensor<S>? { nil }
  func objectiveGradient(ofNode node: Int, output: Int) -> Tensor<S>? {
    node == model.objective && output == 0 ? Tensor(scalar: 1) : nil
  }
}
