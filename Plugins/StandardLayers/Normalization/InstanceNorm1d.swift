public import LayerKit

/// Normalisation of each channel of each sample over its length.
///
/// See `InstanceNormalizationLayer`.
/// - Shapes: x [N, C, L], all other tensors [C] → y like x
/// - Kinks: none.
public struct InstanceNorm1d: InstanceNormalizationLayer {
  public static let kind = "InstanceNorm1d"
  public static let spatialAxes = 1...1

  public let settings: ChannelNormalization

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ChannelNormalization(&hyperparameters)
  }
}
