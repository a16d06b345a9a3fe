public import LayerKit

/// The largest cell of each window, on three axes: see ``MaxPoolLayer``.
public struct MaxPool3d: MaxPoolLayer {
  public static let kind = "MaxPool3d"
  public static let axes = 3

  public let window: PoolWindow

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
  }
}
