public import LayerKit

/// The p-norm of each window, on two axes: see ``LPPoolLayer``.
public struct LPPool2d: LPPoolLayer {
  public static let kind = "LPPool2d"
  public static let axes = 2

  public let window: PoolWindow
  public let norm: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    norm = Self.readNorm(&hyperparameters)
    window = Self.readWindow(&hyperparameters)
  }
}
