public import LayerKit

/// The largest cell of each window, on two axes: see ``MaxPoolLayer``.
public struct MaxPool2d: MaxPoolLayer {
  public static let kind = "MaxPool2d"
  public static let axes = 2

  public let window: PoolWindow

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
  }
}
