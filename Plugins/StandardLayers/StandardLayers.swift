public import LayerKit

/// The kinds that the toolkit brings along, registered through the same door as anyone's.
public enum StandardLayers: Plugin {
  public static let name = "standard"

  /// In alphabetical order; one line for each kind.
  public static let layers: [LayerDefinition] = [
    LayerDefinition(AdaptiveAvgPool2d.self),
    LayerDefinition(AvgPool2d.self),
    LayerDefinition(BCELoss.self),
    LayerDefinition(BCEWithLogitsLoss.self),
    LayerDefinition(BatchNorm2d.self),
    LayerDefinition(Conv2d.self),
    LayerDefinition(CrossEntropyLoss.self),
    LayerDefinition(Linear.self),
    LayerDefinition(MSELoss.self),
    LayerDefinition(MaxPool2d.self),
    LayerDefinition(NLLLoss.self),
    LayerDefinition(SumPool2d.self),
  ]
}
