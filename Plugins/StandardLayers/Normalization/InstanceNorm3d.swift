public import LayerKit

/// Normalisation of each channel of each sample over the volume of the image.
///
/// See `InstanceNormalizationLayer`.
/// - Shapes: x [N, C, D, H, W], all other tensors [C] → y like x
/// - Kinks: none.
public struct InstanceNorm3d: InstanceNormalizationLayer {
  public static let kind = "InstanceNorm3d"
  public static let spatialAxes = 3...3

  public let settings: ChannelNormalization

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ChannelNormalization(&hyperparameters)
  }
}
