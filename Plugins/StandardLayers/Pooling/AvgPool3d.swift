public import Kernels
public import LayerKit

/// The mean of each window, on three axes: see ``AvgPoolLayer``.
public struct AvgPool3d: AvgPoolLayer {
  public static let kind = "AvgPool3d"
  public static let axes = 3

  public let window: PoolWindow
  public let divisor: PoolDivisor

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
    divisor = Self.readDivisor(&hyperparameters)
  }
}
