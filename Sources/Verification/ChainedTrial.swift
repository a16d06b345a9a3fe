import Discrepancy
import HDF5File
import Interchange
import LayerKit
import Network
import Reports
import Tensors

/// The network of a case, run as a whole in double precision on its own results.
struct ChainedTrial {
  private let fixtureCase: FixtureCase

  init(_ fixtureCase: FixtureCase) { self.fixtureCase = fixtureCase }

  /// Runs the network and measures how far each tensor lies from the reference.
  ///
  /// A dataset that cannot be read is told by the verdict on its layer; here what needs it is left
  /// out.
  func run(_ progress: (String) throws -> Void) throws -> ChainedFindings {
    var findings = ChainedFindings()
    let network = fixtureCase.network
    var run = try ChainedRun(network, supply: FixtureSupply(fixtureCase), memory: memory)
    var fetched: Set<Stage> = []
    try run.run { node, tensor, computed in
      let layer = fixtureCase.layers[node]
      let stage = Stage(node: node, isBackward: tensor.isGradient)
      if fetched.insert(stage).inserted { ReadAhead.fetch(tensors(after: stage)) }
      try progress(layer.name)
      let side = ReferenceSide(tree: layer.reference, isTwin: false, layer, isLoss: false)
      guard let stored = side.stored(tensor), stored.shape.count == computed.count else { return }
      let deviation = try ifReadable { try Self.deviation(of: computed, from: stored) }
      if let deviation { findings.insert(deviation, for: side.path(tensor), of: node) }
    }
    findings.sources = network.nodes.map { node in
      node.sources.compactMap { source in
        if case .output(let producer, _) = source { producer } else { nil }
      }
    }
    findings.names = fixtureCase.layers.map(\.name)
    return findings
  }
}

extension ChainedTrial {
  /// What a run of the whole network takes beside the largest layer, or beside two of 32 MiB.
  package static let keptBytes = 128 << 20

  /// As much as the layers take afterwards, when they are verified one by one, and `keptBytes` more.
  private var memory: RunMemory {
    let layers = fixtureCase.layers.map(\.workingBytes)
    let largest = max(LayerGroups.leastBudget, layers.max() ?? 0)
    return RunMemory(total: 2 * largest + Self.keptBytes, layers: layers)
  }

  /// How far a tensor lies off the stored one, which has as many elements.
  private static func deviation(
    of computed: Tensor<Double>, from stored: StoredTensor
  ) throws -> Deviation {
    var deviation = Deviation()
    if stored.isReadInWindows {
      try deviation.compare(computed, from: 0, count: computed.count) {
        try stored.read(elements: $0, as: Double.self)
      }
    } else {
      var start = 0
      try stored.forEachWindow(of: 1 << 20) { window in
        deviation.compare(computed, from: start, window)
        start += window.count
      }
    }
    return deviation
  }

  /// One layer's part of the run forward, or of the one back.
  private struct Stage: Hashable {
    let node: Int
    let isBackward: Bool
  }

  /// The tensors that are read for the layer after one that is being computed.
  private func tensors(after stage: Stage) -> [StoredTensor] {
    let next = stage.isBackward ? stage.node - 1 : stage.node + 1
    guard fixtureCase.layers.indices.contains(next) else { return [] }
    let layer = fixtureCase.layers[next]
    guard !stage.isBackward else { return layer.reference.backward }
    return Array(layer.parameters.values) + layer.reference.forward
  }
}

/// What is read, or nil where the file cannot give it.
func ifReadable<Result>(_ read: () throws -> Result?) throws -> Result? {
  do {
    return try read()
  } catch is HDF5Error {
    return nil
  }
}

/// The tensors of a fixture that a chained run starts from; nil for what cannot be read.
struct FixtureSupply: NetworkSupply {
  private let fixtureCase: FixtureCase

  init(_ fixtureCase: FixtureCase) { self.fixtureCase = fixtureCase }

  func input(_ name: String) throws -> Tensor<Double>? {
    let match = fixtureCase.inputs.first { $0.name.utf8.elementsEqual(name.utf8) }
    return try ifReadable { try match?.tensor.read(as: Double.self) }
  }

  func operands(ofNode node: Int) throws -> Operands<Double>? {
    let layer = fixtureCase.layers[node]
    guard layer.unavailable.isEmpty else { return nil }
    return try ifReadable { try layer.operands(as: Double.self) }
  }

  func recordedOutput(ofNode node: Int, index: Int) throws -> Tensor<Double>? {
    let stored = fixtureCase.layers[node].reference.outputs[index]
    return try ifReadable { try stored?.read(as: Double.self) }
  }

  func recordedInputGradient(ofNode node: Int, input: Int) throws -> Tensor<Double>? {
    let stored = fixtureCase.layers[node].reference.inputGradients[input]
    return try ifReadable { try stored?.read(as: Double.self) }
  }

  func objectiveGradient(ofNode node: Int, output: Int) throws -> Tensor<Double>? {
    let stored = fixtureCase.layers[node].reference.outputGradients[output]
    if let stored { return try ifReadable { try stored.read(as: Double.self) } }
    return node == fixtureCase.lossLayer ? Tensor(scalar: 1) : nil
  }
}
