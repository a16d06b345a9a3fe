public import LayerKit

/// The p-norm of each window, on one axis: see ``LPPoolLayer``.
public struct LPPool1d: LPPoolLayer {
  public static let kind = "LPPool1d"
  public static let axes = 1

  public let window: PoolWindow
  public let norm: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    norm = Self.readNorm(&hyperparameters)
    window = Self.readWindow(&hyperparameters)
  }
}
