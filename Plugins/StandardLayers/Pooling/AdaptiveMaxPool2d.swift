public import LayerKit

/// The largest cell of each of a given number of windows, on two axes: see ``AdaptiveMaxPoolLayer``.
public struct AdaptiveMaxPool2d: AdaptiveMaxPoolLayer {
  public static let kind = "AdaptiveMaxPool2d"
  public static let axes = 2

  public let windows: AdaptiveWindows

  public init(_ hyperparameters: inout HyperparameterReader) {
    windows = Self.readWindows(&hyperparameters)
  }
}
