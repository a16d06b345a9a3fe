public import LayerKit

/// Normalisation of each channel over samples and the volume of images.
///
/// See `BatchNormalizationLayer`.
/// - Shapes: x [N, C, D, H, W], all other tensors [C] → y like x
/// - Kinks: none.
public struct BatchNorm3d: BatchNormalizationLayer {
  public static let kind = "BatchNorm3d"
  public static let spatialAxes = 3...3

  public let settings: ChannelNormalization

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ChannelNormalization(&hyperparameters)
  }
}
