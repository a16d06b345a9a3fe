public import Kernels
public import LayerKit

/// The mean of each window, on one axis: see ``AvgPoolLayer``.
public struct AvgPool1d: AvgPoolLayer {
  public static let kind = "AvgPool1d"
  public static let axes = 1

  public let window: PoolWindow
  public let divisor: PoolDivisor

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
    divisor = Self.readDivisor(&hyperparameters)
  }
}
