/// A parameter as one layer uses it.
public struct ParameterUse: Hashable, Sendable {
  /// The layer, by its position.
  public let layer: Int
  /// The parameter's name in that layer.
  public let name: String

  /// Names a parameter of a layer.
  public init(layer: Int, name: String) {
    self.layer = layer
    self.name = name
  }
}
