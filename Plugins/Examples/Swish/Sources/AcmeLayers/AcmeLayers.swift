public import LayerKit

/// The kinds of layers that Acme adds.
public enum AcmeLayers: Plugin {
  public static let name = "acme"
  public static let layers = [LayerDefinition(Swish.self)]
}
