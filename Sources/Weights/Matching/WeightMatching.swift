/// The tensors of a weight file given to the tensors of a network, by name and never by shape.
public struct WeightMatching: Sendable {
  /// A tensor of the network and the one that becomes it.
  public struct Match: Sendable {
    /// The tensor of the file; its last shape is that of the network.
    public let tensor: WeightTensor
    /// The position of the layer in the network.
    public let layer: Int
    /// The name of the tensor in the layer.
    public let parameter: String
    /// Whether it is state.
    public let isBuffer: Bool
  }

  /// A tensor of the network that the file does not have.
  public struct Missing: Hashable, Sendable {
    /// The position of the layer in the network.
    public let layer: Int
    /// The name of the layer.
    public let layerName: String
    /// The name of the tensor in the layer.
    public let parameter: String
    /// Whether it is state.
    public let isBuffer: Bool
  }

  /// What was found for the network.
  public private(set) var matches: [Match] = []
  /// What was not.
  public private(set) var missing: [Missing] = []
  /// Tensors of the file that the network has no place for.
  public private(set) var leftOver: [WeightTensor] = []
  /// Shapes that differ, and names that could be several layers'.
  public private(set) var problems: [WeightProblem] = []

  private var owners: [Place: String] = [:]

  private struct Place: Hashable {
    let layer: Int
    let parameter: [UInt8]
  }

  /// Matches a listing with a network.
  public init(_ listing: WeightListing, with target: WeightTarget) {
    for tensor in listing.tensors where tensor.stored.problem == nil { match(tensor, target) }
    for (index, layer) in target.layers.enumerated() {
      for (names, isBuffer) in [(layer.parameters, false), (layer.buffers, true)] {
        for name in names.keys.sorted()
        where owners[Place(layer: index, parameter: Array(name.utf8))] == nil {
          missing.append(
            Missing(layer: index, layerName: layer.name, parameter: name, isBuffer: isBuffer))
        }
      }
    }
  }

  private mutating func match(_ tensor: WeightTensor, _ target: WeightTarget) {
    let indices = target.positions(of: tensor.layer)
    guard indices.count <= 1 else {
      problems.append(
        WeightProblem(
          source: tensor.source,
          .severalLayers(tensor.layer, indices.map { target.layers[$0].name })))
      return
    }
    guard let index = indices.first else { return leftOver.append(tensor) }
    let layer = target.layers[index]
    let isBuffer = layer.parameters[tensor.parameter] == nil
    guard let expected = layer.parameters[tensor.parameter] ?? layer.buffers[tensor.parameter]
    else { return leftOver.append(tensor) }
    // What was recognised and does not fit is not missing besides.
    let place = Place(layer: index, parameter: Array(tensor.parameter.utf8))
    if let other = owners.updateValue(tensor.source, forKey: place) {
      problems.append(
        WeightProblem(
          source: tensor.source,
          .sameTensor(layer: layer.name, parameter: tensor.parameter, other: other)))
      return
    }
    var tensor = tensor
    tensor.targetShape = expected
    do throws(WeightProblem) {
      let shape = try tensor.canonicalShape()
      guard shape == expected || Self.areScalars(shape, expected) else {
        throw WeightProblem(
          source: tensor.source,
          .shape(
            stored: tensor.stored.shape, conversion: tensor.conversion.words, canonical: shape,
            expected: expected))
      }
      matches.append(
        Match(tensor: tensor, layer: index, parameter: tensor.parameter, isBuffer: isBuffer))
    } catch {
      problems.append(error)
    }
  }

  /// One number may be a scalar or an array of one.
  private static func areScalars(_ a: [Int], _ b: [Int]) -> Bool {
    [a, b].allSatisfy { $0.isEmpty || $0 == [1] }
  }
}
