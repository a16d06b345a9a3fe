public import LayerKit

/// The largest cell of each window, on one axis: see ``MaxPoolLayer``.
public struct MaxPool1d: MaxPoolLayer {
  public static let kind = "MaxPool1d"
  public static let axes = 1

  public let window: PoolWindow

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
  }
}
