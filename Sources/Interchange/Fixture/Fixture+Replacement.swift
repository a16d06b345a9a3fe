public import Tensors

/// Values from elsewhere for a parameter or a buffer of a fixture.
public struct TensorReplacement: Sendable {
  /// What of a layer is replaced.
  public enum Slot: Hashable, Sendable {
    /// A trainable tensor, by its name.
    case parameter(String)
    /// A tensor of state, by its name.
    case buffer(String)
  }

  /// The position of the layer in its case.
  public let layer: Int
  /// The tensor.
  public let slot: Slot
  /// The format of the numbers; nil for integers.
  public let format: NumberFormat?
  /// Reads the elements, as many as the tensor has, in canonical order.
  public let read: @Sendable () throws -> [Double]

  /// Replaces a tensor by what is read.
  public init(
    layer: Int, slot: Slot, format: NumberFormat?, read: @escaping @Sendable () throws -> [Double]
  ) {
    self.layer = layer
    self.slot = slot
    self.format = format
    self.read = read
  }
}

extension FixtureCase {
  /// The case with other values in the place of some tensors, whose shapes stay what they are.
  public func replacing(_ replacements: [TensorReplacement]) -> FixtureCase {
    var result = self
    for replacement in replacements {
      switch replacement.slot {
      case .parameter(let name):
        let tensor = layers[replacement.layer].parameters[name]
        result.layers[replacement.layer].parameters[name] = tensor?.replaced(replacement)
      case .buffer(let name):
        let tensor = layers[replacement.layer].buffers[name]
        result.layers[replacement.layer].buffers[name] = tensor?.replaced(replacement)
      }
    }
    return result
  }
}

extension Fixture {
  /// The fixture with other cases, made from its own.
  public func mapCases(_ transform: (FixtureCase) throws -> FixtureCase) rethrows -> Fixture {
    var result = self
    result.cases = try cases.map(transform)
    return result
  }
}
