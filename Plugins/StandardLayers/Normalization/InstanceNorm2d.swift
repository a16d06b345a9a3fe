public import LayerKit

/// Normalisation of each channel of each sample over the area of the image.
///
/// See `InstanceNormalizationLayer`.
/// - Shapes: x [N, C, H, W], all other tensors [C] → y like x
/// - Kinks: none.
public struct InstanceNorm2d: InstanceNormalizationLayer {
  public static let kind = "InstanceNorm2d"
  public static let spatialAxes = 2...2

  public let settings: ChannelNormalization

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ChannelNormalization(&hyperparameters)
  }
}
