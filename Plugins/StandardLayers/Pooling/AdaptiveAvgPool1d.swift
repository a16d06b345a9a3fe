public import LayerKit

/// The mean of each of a given number of windows, on one axis: see ``AdaptiveAvgPoolLayer``.
public struct AdaptiveAvgPool1d: AdaptiveAvgPoolLayer {
  public static let kind = "AdaptiveAvgPool1d"
  public static let axes = 1

  public let windows: AdaptiveWindows

  public init(_ hyperparameters: inout HyperparameterReader) {
    windows = AdaptiveWindows(&hyperparameters, axes: Self.axes)
  }
}
