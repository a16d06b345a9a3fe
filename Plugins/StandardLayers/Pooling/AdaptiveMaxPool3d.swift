public import LayerKit

/// The largest cell of each of a given number of windows, on three axes: see ``AdaptiveMaxPoolLayer``.
public struct AdaptiveMaxPool3d: AdaptiveMaxPoolLayer {
  public static let kind = "AdaptiveMaxPool3d"
  public static let axes = 3

  public let windows: AdaptiveWindows

  public init(_ hyperparameters: inout HyperparameterReader) {
    windows = Self.readWindows(&hyperparameters)
  }
}
