public import LayerKit

/// The mean of each of a given number of windows, on three axes: see ``AdaptiveAvgPoolLayer``.
public struct AdaptiveAvgPool3d: AdaptiveAvgPoolLayer {
  public static let kind = "AdaptiveAvgPool3d"
  public static let axes = 3

  public let windows: AdaptiveWindows

  public init(_ hyperparameters: inout HyperparameterReader) {
    windows = AdaptiveWindows(&hyperparameters, axes: Self.axes)
  }
}
