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
    LayerDefinition(BatchNorm2d.self),
    LayerDefinition(CTCLoss.self),
    LayerDefinition(Concat.self),
    LayerDefinition(Conv2d.self),
    LayerDefinition(CosineEmbeddingLoss.self),
    LayerDefinition(CrossEntropyLoss.self),
    LayerDefinition(Dropout.self),
    LayerDefinition(Flatten.self),
    LayerDefinition(GaussianNLLLoss.self),
    LayerDefinition(HingeEmbeddingLoss.self),
    LayerDefinition(HuberLoss.self),
    LayerDefinition(Identity.self),
    LayerDefinition(KLDivLoss.self),
    LayerDefinition(L1Loss.self),
    LayerDefinition(LeakyReLU.self),
    LayerDefinition(Linear.self),
    LayerDefinition(LogSoftmax.self),
    LayerDefinition(MSELoss.self),
    LayerDefinition(MarginRankingLoss.self),
    LayerDefinition(MaxPool2d.self),
    LayerDefinition(Mul.self),
    LayerDefinition(MultiLabelMarginLoss.self),
    LayerDefinition(MultiLabelSoftMarginLoss.self),
    LayerDefinition(MultiMarginLoss.self),
    LayerDefinition(NLLLoss.self),
    LayerDefinition(PoissonNLLLoss.self),
    LayerDefinition(ReLU.self),
    LayerDefinition(ReLU6.self),
    LayerDefinition(Reshape.self),
    LayerDefinition(SiLU.self),
    LayerDefinition(Sigmoid.self),
    LayerDefinition(SmoothL1Loss.self),
    LayerDefinition(SoftMarginLoss.self),
    LayerDefinition(Softmax.self),
    LayerDefinition(SumPool2d.self),
    LayerDefinition(Tanh.self),
    LayerDefinition(TripletMarginLoss.self),
    LayerDefinition(TripletMarginWithDistanceLoss.self),
  ]
}
