public import LayerKit
import Text

/// A network in the making: layers by the names of their kinds, each after those that feed it.
///
///     var builder = NetworkBuilder(registry)
///     let hidden = try builder.add("Linear", "fc1", [.input("image")])
///     let scores = try builder.add("Linear", "fc2", [builder.add("ReLU", "relu", [hidden])])
///     let network = builder.network
public struct NetworkBuilder {
  private let registry: LayerRegistry
  private var nodes: [Network.Node] = []

  /// Begins a network of the kinds that a registry knows.
  public init(_ registry: LayerRegistry) { self.registry = registry }

  /// Adds a layer, and gives its first output.
  ///
  /// Throws `NetworkProblem` with all that is wrong.
  @discardableResult
  public mutating func add(
    _ kind: String, _ name: String, _ inputs: [Network.Source],
    _ hyperparameters: [String: HyperparameterValue] = [:]
  ) throws(NetworkProblem) -> Network.Source {
    guard let definition = registry[kind] else {
      throw NetworkProblem(
        layer: name, reason: .unknownKind(kind, closest: registry.closestKind(to: kind)))
    }
    do {
      let layer = try definition.layer(hyperparameters)
      nodes.append(Network.Node(name: name, layer: layer, sources: inputs))
    } catch {
      throw NetworkProblem(layer: name, reason: .description(error.problems))
    }
    return .output(node: nodes.count - 1, index: 0)
  }

  /// The network of the layers so far.
  public var network: Network { Network(nodes) }
}

/// Something that is wrong with a network, or with what it is to compute from.
public struct NetworkProblem: Error, Sendable {
  /// The name of the layer.
  public let layer: String
  /// What is wrong.
  public let reason: Reason

  /// What can be wrong with one layer of a network.
  public enum Reason: Sendable {
    /// Nobody registered the kind.
    case unknownKind(String, closest: String?)
    /// What the kind says of its hyper-parameters, or of its operands.
    case description([LayerProblem])
    /// What a kind of others says of its operands in its own words.
    case refused(String)
    /// An input, or a tensor of the layer, that nobody has given.
    case missing(String)
  }

  /// Gathers the facts.
  public init(layer: String, reason: Reason) {
    self.layer = layer
    self.reason = reason
  }
}

extension NetworkProblem: CustomStringConvertible {
  /// What is wrong, safe for a terminal.
  public var description: String {
    "the layer `\(UntrustedText(layer).terminal)` " + UntrustedText(sentence).terminal
  }

  private var sentence: String {
    switch reason {
    case .unknownKind(let kind, let closest):
      "is of the kind `\(kind)`, which nobody registered"
        + (closest.map { "; did you mean `\($0)`?" } ?? ": add the plug-in that knows it")
    case .description(let problems): problems.map(\.description).joined(separator: "; ")
    case .refused(let words): "is refused by its kind: \(words)"
    case .missing(let name): "needs \(name), which nobody has given: give it"
    }
  }
}
