public import LayerKit

/// The kinds that the toolkit brings along, registered through the same door as anyone's.
public enum StandardLayers: Plugin {
  public static let name = "standard"

  /// In alphabetical order; one line for each kind.
  public static let layers: [LayerDefinition] = [
    LayerDefinition(AdaptiveAvgPool1d.self),
    LayerDefinition(AdaptiveAvgPool2d.self),
    LayerDefinition(AdaptiveAvgPool3d.self),
    LayerDefinition(AdaptiveMaxPool1d.self),
    LayerDefinition(AdaptiveMaxPool2d.self),
    LayerDefinition(AdaptiveMaxPool3d.self),
    LayerDefinition(Add.self),
    LayerDefinition(AvgPool1d.self),
    LayerDefinition(AvgPool2d.self),
    LayerDefinition(AvgPool3d.self),
    LayerDefinition(BCELoss.self),
    LayerDefinition(BCEWithLogitsLoss.self),
    LayerDefinition(BatchNorm2d.self),
    LayerDefinition(Concat.self),
    LayerDefinition(Conv2d.self),
    LayerDefinition(CrossEntropyLoss.self),
    LayerDefinition(Dropout.self),
    LayerDefinition(Flatten.self),
    LayerDefinition(Identity.self),
    LayerDefinition(LPPool1d.self),
    LayerDefinition(LPPool2d.self),
    LayerDefinition(LPPool3d.self),
    LayerDefinition(LeakyReLU.self),
    LayerDefinition(Linear.self),
    LayerDefinition(LogSoftmax.self),
    LayerDefinition(MSELoss.self),
    LayerDefinition(MaxPool1d.self),
    LayerDefinition(MaxPool2d.self),
    LayerDefinition(MaxPool3d.self),
    LayerDefinition(Mul.self),
    LayerDefinition(NLLLoss.self),
    LayerDefinition(ReLU.self),
    LayerDefinition(ReLU6.self),
    LayerDefinition(Reshape.self),
    LayerDefinition(SiLU.self),
    LayerDefinition(Sigmoid.self),
    LayerDefinition(Softmax.self),
    LayerDefinition(SumPool1d.self),
    LayerDefinition(SumPool2d.self),
    LayerDefinition(SumPool3d.self),
    LayerDefinition(Tanh.self),
  ]
}
