public import LayerKit

/// Layers and what feeds them, in an order in which everything is computed before it is used.
public struct Network: Sendable {
  /// The layers in topological order.
  public let nodes: [Node]

  /// The inputs of layers that each output feeds, in the order of the nodes.
  private let consumers: [[Int: [Use]]]

  /// One application of a layer.
  public struct Node: Sendable {
    /// The layer's name.
    public let name: String
    /// The layer, or nil where nobody knows its kind.
    public let layer: AnyLayer?
    /// What feeds each input; empty for a layer that stands alone.
    public let sources: [Source]

    /// Describes an application of a layer.
    public init(name: String, layer: AnyLayer?, sources: [Source]) {
      self.name = name
      self.layer = layer
      self.sources = sources
    }
  }

  /// Where an input of a layer comes from.
  public enum Source: Hashable, Sendable {
    /// An input of the network.
    case input(String)
    /// An output of a layer.
    case output(node: Int, index: Int)
  }

  /// An input of a layer.
  public struct Use: Hashable, Sendable {
    /// The layer's position.
    public let node: Int
    /// Which of its inputs.
    public let input: Int
  }

  /// Makes a network of nodes that stand after all that feed them.
  public init(_ nodes: [Node]) {
    var consumers = [[Int: [Use]]](repeating: [:], count: nodes.count)
    for (position, node) in nodes.enumerated() {
      for (input, source) in node.sources.enumerated() {
        guard case .output(let producer, let index) = source else { continue }
        precondition(producer < position, "\(node.name) stands before what feeds it")
        consumers[producer][index, default: []].append(Use(node: position, input: input))
      }
    }
    self.nodes = nodes
    self.consumers = consumers
  }

  /// The inputs that an output feeds.
  public func uses(ofNode node: Int, output: Int) -> [Use] { consumers[node][output] ?? [] }
}
