public import LayerKit

/// The sum of each window, on two axes: see ``SumPoolLayer``.
public struct SumPool2d: SumPoolLayer {
  public static let kind = "SumPool2d"
  public static let axes = 2

  public let window: PoolWindow

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
  }
}
