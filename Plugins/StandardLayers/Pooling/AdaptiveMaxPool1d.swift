public import LayerKit

/// The largest cell of each of a given number of windows, on one axis: see ``AdaptiveMaxPoolLayer``.
public struct AdaptiveMaxPool1d: AdaptiveMaxPoolLayer {
  public static let kind = "AdaptiveMaxPool1d"
  public static let axes = 1

  public let windows: AdaptiveWindows

  public init(_ hyperparameters: inout HyperparameterReader) {
    windows = Self.readWindows(&hyperparameters)
  }
}
