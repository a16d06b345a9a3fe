public import LayerKit

/// The p-norm of each window, on three axes: see ``LPPoolLayer``.
public struct LPPool3d: LPPoolLayer {
  public static let kind = "LPPool3d"
  public static let axes = 3

  public let window: PoolWindow
  public let norm: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    norm = Self.readNorm(&hyperparameters)
    window = Self.readWindow(&hyperparameters)
  }
}
