public import Kernels
public import LayerKit

/// The mean of each window, on two axes: see ``AvgPoolLayer``.
public struct AvgPool2d: AvgPoolLayer {
  public static let kind = "AvgPool2d"
  public static let axes = 2

  public let window: PoolWindow
  public let divisor: PoolDivisor

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = Self.readWindow(&hyperparameters)
    divisor = Self.readDivisor(&hyperparameters)
  }
}
