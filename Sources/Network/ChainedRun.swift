public import LayerKit
public import Tensors

/// Where a run of a whole network gets the tensors that it does not compute.
public protocol NetworkSupply<S> {
  associatedtype S: LayerScalar

  /// An input of the network.
  func input(_ name: String) throws -> Tensor<S>?
  /// A layer's parameters, buffers and masks; its inputs are filled in by the run.
  func operands(ofNode node: Int) throws -> Operands<S>?
  /// An output of a layer that cannot be computed, as it was recorded.
  func recordedOutput(ofNode node: Int, index: Int) throws -> Tensor<S>?
  /// The gradient that a layer which cannot be computed hands to one of its inputs.
  func recordedInputGradient(ofNode node: Int, input: Int) throws -> Tensor<S>?
  /// The gradient of the objective for an output that feeds no layer.
  func objectiveGradient(ofNode node: Int, output: Int) throws -> Tensor<S>?

  /// Whether everything is at hand.
  ///
  /// A layer that cannot be computed is then an error, `NetworkProblem`, and an output that nobody
  /// uses has the gradient 0. By default what cannot be computed is left out.
  var isComplete: Bool { get }
}

extension NetworkSupply {
  public var isComplete: Bool { false }
}

/// One layer as a run of a whole network reaches it.
public struct LayerApplication<S: Sendable>: Sendable {
  /// The layer's position.
  public let node: Int
  /// What it computes from.
  public let operands: Operands<S>
  /// The gradients of its outputs; empty while outputs are computed.
  public let upstream: [Tensor<S>]
}

/// Gives the tensor that a run goes on with in the place of one that a layer computed.
public typealias Substitution<S: Sendable> = (
  LayerApplication<S>, _ result: ResultTensor, _ computed: Tensor<S>
) throws -> Tensor<S>

/// A run of a whole network, each layer fed with what the layers before it computed.
///
/// Rounding and faults travel along, so it informs about the network as a whole; a single layer
/// is judged on the reference's own inputs. A layer that cannot be computed is replaced by its
/// recorded tensors; what needs a tensor that nobody has is left out.
public struct ChainedRun<Supply: NetworkSupply> {
  private let network: Network
  private let supply: Supply
  private let memory: RunMemory
  private var values: TensorStore<Supply.S>
  private var gradients: TensorStore<Supply.S>
  /// Layers whose output is computed again where it is needed.
  private var repeated: Set<Int> = []
  /// What the run goes on with in the place of what it computed; nil to go on with that.
  public var substitution: Substitution<Supply.S>?
  /// Inputs that no gradient reaches: class indices and masks.
  private var indexUses: Set<Network.Use> = []

  /// One tensor that the run computed.
  public typealias Visit = (_ node: Int, _ result: ResultTensor, Tensor<Supply.S>) throws -> Void

  /// The gradients of all outputs of a layer, summed over what consumes them.
  public typealias UpstreamVisit = (_ node: Int, [Tensor<Supply.S>]) throws -> Void

  /// Prepares a run; nothing is computed yet.
  public init(
    _ network: Network, supply: Supply, memory: RunMemory = RunMemory()
  ) throws {
    self.network = network
    self.supply = supply
    self.memory = memory
    values = try TensorStore()
    gradients = try TensorStore()
  }

  /// Computes all outputs in order, then all gradients in reverse, and shows each to `visit`.
  public mutating func run(
    upstream visitUpstream: UpstreamVisit = { _, _ in }, _ visit: Visit
  ) throws {
    try forward(visit)
    for node in network.nodes.indices.reversed() {
      try backward(node, visitUpstream, visit)
      // What it fed has been computed: all of that stands behind it.
      discardOutputs(of: node)
    }
  }

  /// Computes all outputs in order, and shows each to `visit`.
  public mutating func forward(_ visit: Visit) throws {
    for node in network.nodes.indices {
      try forward(node, visit)
      discardRepeated(upTo: node)
    }
  }

  // MARK: Forward

  private mutating func forward(_ node: Int, _ visit: Visit) throws {
    guard let layer = network.nodes[node].layer else {
      try storeRecordedOutputs(node)
      return
    }
    guard let operands = try operands(of: node), try accepts(operands, layer, node) else {
      return
    }
    guard let results = try attempt(node, { try Supply.S.program(of: layer).forward(operands) })
    else {
      try storeRecordedOutputs(node)
      return
    }
    let application = LayerApplication(node: node, operands: operands, upstream: [])
    for (index, output) in results.outputs.enumerated() {
      let output = try settled(output, .output(index), of: application)
      try visit(node, .output(index), output)
      try keep(output, of: node, index: index)
    }
    if canRepeat(node, operands) { repeated.insert(node) }
    for (name, buffer) in results.buffers.sorted(by: { $0.key < $1.key }) {
      try visit(node, .buffer(name), try settled(buffer, .buffer(name), of: application))
    }
  }

  /// A tensor as the run goes on with it.
  private func settled(
    _ computed: Tensor<Supply.S>, _ result: ResultTensor,
    of application: LayerApplication<Supply.S>
  ) throws -> Tensor<Supply.S> {
    try substitution?(application, result, computed) ?? computed
  }

  /// Whether the layer can compute from what this run hands it.
  ///
  /// The fixture was checked with the recorded inputs. Here a recorded tensor of a layer that
  /// nobody can compute may have come in, or a class index that this run computed.
  private func accepts(
    _ operands: Operands<Supply.S>, _ layer: AnyLayer, _ node: Int
  ) throws -> Bool {
    do {
      _ = try layer.outputShapes(operands.shapes)
      try Supply.S.program(of: layer).checkValues(operands)
      return true
    } catch {
      guard supply.isComplete else { return false }
      let reason = (error as? LayerProblem).map { NetworkProblem.Reason.description([$0]) }
      throw NetworkProblem(
        layer: network.nodes[node].name, reason: reason ?? .refused("\(error)"))
    }
  }

  /// What a layer computes, or nil where it breaks down and its recorded tensors take its place.
  private func attempt<Found>(
    _ node: Int, _ compute: () throws -> Found
  ) throws -> Found? {
    do {
      return try compute()
    } catch {
      guard supply.isComplete else { return nil }
      throw NetworkProblem(layer: network.nodes[node].name, reason: .refused("\(error)"))
    }
  }

  private mutating func storeRecordedOutputs(_ node: Int) throws {
    var index = 0
    while let output = try supply.recordedOutput(ofNode: node, index: index) {
      try keep(output, of: node, index: index)
      index += 1
    }
  }

  // MARK: What is kept

  /// Keeps an output for the layers behind it, and for their gradients.
  private mutating func keep(
    _ output: Tensor<Supply.S>, of node: Int, index: Int
  ) throws {
    try values.insert(
      output, for: .init(node: node, index: index),
      limit: memory.limit(during: node + 1..<network.nodes.count) - gradients.bytesInMemory)
  }

  /// An output that was kept, or is computed again.
  private func output(of node: Int, index: Int) throws -> Tensor<Supply.S>? {
    if let kept = try values.tensor(for: .init(node: node, index: index)) { return kept }
    guard repeated.contains(node), let layer = network.nodes[node].layer,
      let operands = try operands(of: node)
    else { return nil }
    return try attempt(node) { try Supply.S.program(of: layer).forward(operands).outputs[index] }
  }

  /// Bytes of an output from which on it is rather computed again than kept.
  private static var leastRepeated: Int { 1 << 20 }

  /// Whether a layer's output need not be kept: a function of single numbers gives it again, from
  /// an input that is kept, in the time that memory takes to be read and written.
  private func canRepeat(_ node: Int, _ operands: Operands<Supply.S>) -> Bool {
    guard substitution == nil, let layer = network.nodes[node].layer,
      layer.signature.traits.contains(.elementwise), operands.inputs.count == 1,
      operands.parameters.isEmpty, operands.buffers.isEmpty, operands.auxiliary.isEmpty
    else { return false }
    if case .output(let producer, _) = network.nodes[node].sources[0], repeated.contains(producer) {
      return false
    }
    return operands.inputs[0].count * MemoryLayout<Supply.S>.stride >= Self.leastRepeated
  }

  /// Forgets the outputs that can be computed again and feed nothing behind `node`.
  private mutating func discardRepeated(upTo node: Int) {
    let sources = network.nodes[node].sources.compactMap { source in
      if case .output(let producer, _) = source { producer } else { nil }
    }
    for producer in sources + [node] where repeated.contains(producer) {
      let last = network.uses(ofNode: producer, output: 0).map(\.node).max() ?? producer
      if last <= node { discardOutputs(of: producer) }
    }
  }

  private mutating func discardOutputs(of node: Int) {
    var index = 0
    while values.discard(.init(node: node, index: index)) { index += 1 }
  }

  /// The layer's operands with the inputs of this run; nil if one of them is missing.
  ///
  /// A layer without sources stands alone, unless its kind takes no input.
  private func operands(of node: Int) throws -> Operands<Supply.S>? {
    let takesNone = network.nodes[node].layer?.signature.maximumInputs == 0
    guard takesNone || !network.nodes[node].sources.isEmpty,
      var operands = try supply.operands(ofNode: node)
    else { return nil }
    operands.inputs = []
    for source in network.nodes[node].sources {
      let input =
        switch source {
        case .input(let name): try supply.input(name)
        case .output(let producer, let index): try output(of: producer, index: index)
        }
      guard let input else {
        guard supply.isComplete, case .input(let name) = source else { return nil }
        throw NetworkProblem(layer: network.nodes[node].name, reason: .missing("`\(name)`"))
      }
      operands.inputs.append(input)
    }
    return operands
  }

  // MARK: Backward

  private mutating func backward(
    _ node: Int, _ visitUpstream: UpstreamVisit, _ visit: Visit
  ) throws {
    guard let layer = network.nodes[node].layer else {
      try storeRecordedInputGradients(node)
      return
    }
    guard let operands = try operands(of: node), try accepts(operands, layer, node),
      let upstream = try upstream(of: node, layer: layer, operands)
    else { return }
    try visitUpstream(node, upstream)
    let shapes = operands.inputs.map(\.shape)
    let inputs = network.nodes[node].sources.enumerated().filter { index, source in
      guard case .output = source else { return false }
      return layer.signature.hasGradient(ofInput: index, shapes: shapes)
    }
    for input in operands.inputs.indices
    where !layer.signature.hasGradient(ofInput: input, shapes: shapes) {
      indexUses.insert(Network.Use(node: node, input: input))
    }
    let wanted = GradientRequest(
      inputs: Set(inputs.map(\.offset)), parameters: Set(operands.parameters.keys))
    let program = Supply.S.program(of: layer)
    guard let computed = try attempt(node, { try program.backward(operands, upstream, wanted) })
    else {
      try storeRecordedInputGradients(node)
      return
    }
    let application = LayerApplication(node: node, operands: operands, upstream: upstream)
    for (input, own) in computed.inputs.enumerated() {
      guard let own, wanted.inputs.contains(input) else { continue }
      let gradient = try settled(own, .inputGradient(input), of: application)
      try visit(node, .inputGradient(input), gradient)
      try store(gradient, node, input)
    }
    for name in computed.parameters.keys.sorted() {
      if let own = computed.parameters[name] {
        let gradient = try settled(own, .parameterGradient(name), of: application)
        try visit(node, .parameterGradient(name), gradient)
      }
    }
  }

  private mutating func storeRecordedInputGradients(_ node: Int) throws {
    for input in network.nodes[node].sources.indices {
      if let gradient = try supply.recordedInputGradient(ofNode: node, input: input) {
        try store(gradient, node, input)
      }
    }
  }

  /// Keeps the gradient of an input until the layer that feeds it has its turn.
  private mutating func store(_ gradient: Tensor<Supply.S>, _ node: Int, _ input: Int) throws {
    guard case .output(let producer, _) = network.nodes[node].sources[input] else { return }
    try gradients.insert(
      gradient, for: .init(node: node, index: input),
      limit: memory.limit(during: producer..<node) - values.bytesInMemory)
  }

  /// The gradient of each output: the sum over all that consume it, in the order of the network.
  private mutating func upstream(
    of node: Int, layer: AnyLayer, _ operands: Operands<Supply.S>
  ) throws -> [Tensor<Supply.S>]? {
    let shapes = try layer.outputShapes(operands.shapes)
    var upstream: [Tensor<Supply.S>?] = []
    for (output, shape) in shapes.enumerated() {
      let uses = network.uses(ofNode: node, output: output)
      let sum =
        uses.isEmpty
        ? try supply.objectiveGradient(ofNode: node, output: output) : try sum(of: uses)
      upstream.append(sum.flatMap { $0.count == shape.count ? $0.reshaped(to: shape) : nil })
    }
    // What reaches the objective through one output alone has the gradient 0 for the others.
    if supply.isComplete, upstream.contains(where: { $0 != nil }) {
      return zip(upstream, shapes).map { $0 ?? Tensor($1, repeating: 0) }
    }
    return upstream.contains(where: { $0 == nil }) ? nil : upstream.compactMap { $0 }
  }

  private mutating func sum(of uses: [Network.Use]) throws -> Tensor<Supply.S>? {
    var sum: Tensor<Supply.S>?
    for use in uses {
      guard !indexUses.contains(use) else { continue }
      let key = TensorStore<Supply.S>.Key(node: use.node, index: use.input)
      guard let gradient = try gradients.remove(key) else {
        // Where everything is at hand, this use does not reach the objective.
        if supply.isComplete { continue }
        return nil
      }
      guard sum.map({ $0.shape == gradient.shape }) ?? true else { return nil }
      if let sofar = sum { sum = sofar.added(to: gradient) } else { sum = gradient }
    }
    return sum
  }
}

extension Tensor where Element: FloatingScalar {
  /// The sum of two tensors of one shape, compiled for the numbers that networks run on.
  @_specialize(where Element == Float)
  @_specialize(where Element == Double)
  fileprivate func added(to other: Tensor) -> Tensor {
    zipBlocks(other) { a, b, sums, count in
      for i in 0..<count { sums[i] = a[i] + b[i] }
    }
  }
}
