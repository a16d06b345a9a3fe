public import LayerKit

/// The sum of each window, on one axis: see ``SumPoolLayer``.
public struct SumPool1d: SumPoolLayer {
  public static let kind = "SumPool1d"
  public static let axes = 1

  public let window: PoolWindow

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
  }
}
