public import LayerKit

/// The sum of each window, on three axes: see ``SumPoolLayer``.
public struct SumPool3d: SumPoolLayer {
  public static let kind = "SumPool3d"
  public static let axes = 3

  public let window: PoolWindow

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
  }
}
