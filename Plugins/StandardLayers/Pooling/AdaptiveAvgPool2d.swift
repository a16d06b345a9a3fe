public import LayerKit

/// The mean of each of a given number of windows, on two axes: see ``AdaptiveAvgPoolLayer``.
public struct AdaptiveAvgPool2d: AdaptiveAvgPoolLayer {
  public static let kind = "AdaptiveAvgPool2d"
  public static let axes = 2

  public let windows: AdaptiveWindows

  public init(_ hyperparameters: inout HyperparameterReader) {
    windows = AdaptiveWindows(&hyperparameters, axes: Self.axes)
  }
}
