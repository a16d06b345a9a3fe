public import LayerKit

/// Normalisation of each channel over samples and the area of images.
///
/// See `BatchNormalizationLayer`.
/// - Shapes: x [N, C, H, W], all other tensors [C] → y like x
/// - Kinks: none.
public struct BatchNorm2d: BatchNormalizationLayer {
  public static let kind = "BatchNorm2d"
  public static let spatialAxes = 2...2

  public let settings: ChannelNormalization

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ChannelNormalization(&hyperparameters)
  }
}
