public import LayerKit

/// The kinds that the toolkit brings along, registered through the same door as anyone's.
public enum StandardLayers: Plugin {
  public static let name = "standard"

  /// In alphabetical order; one line for each kind.
  public static let layers: [LayerDefinition] = [
    LayerDefinition(AdaptiveAvgPool2d.self),
    LayerDefinition(Add.self),
    LayerDefinition(AvgPool2d.self),
    LayerDefinition(BCELoss.self),
    LayerDefinition(BCEWithLogitsLoss.self),
    LayerDefinition(BatchNorm1d.self),
    LayerDefinition(BatchNorm2d.self),
    LayerDefinition(BatchNorm3d.self),
    LayerDefinition(Bilinear.self),
    LayerDefinition(Concat.self),
    LayerDefinition(Conv2d.self),
    LayerDefinition(CosineSimilarity.self),
    LayerDefinition(CrossEntropyLoss.self),
    LayerDefinition(Dropout.self),
    LayerDefinition(Embedding.self),
    LayerDefinition(Flatten.self),
    LayerDefinition(GroupNorm.self),
    LayerDefinition(Identity.self),
    LayerDefinition(InstanceNorm1d.self),
    LayerDefinition(InstanceNorm2d.self),
    LayerDefinition(InstanceNorm3d.self),
    LayerDefinition(LayerNorm.self),
    LayerDefinition(LeakyReLU.self),
    LayerDefinition(Linear.self),
    LayerDefinition(LocalResponseNorm.self),
    LayerDefinition(LogSoftmax.self),
    LayerDefinition(MSELoss.self),
    LayerDefinition(MatMul.self),
    LayerDefinition(MaxPool2d.self),
    LayerDefinition(Mul.self),
    LayerDefinition(NLLLoss.self),
    LayerDefinition(PairwiseDistance.self),
    LayerDefinition(RMSNorm.self),
    LayerDefinition(ReLU.self),
    LayerDefinition(ReLU6.self),
    LayerDefinition(Reshape.self),
    LayerDefinition(SiLU.self),
    LayerDefinition(Sigmoid.self),
    LayerDefinition(Softmax.self),
    LayerDefinition(SumPool2d.self),
    LayerDefinition(Tanh.self),
  ]
}
