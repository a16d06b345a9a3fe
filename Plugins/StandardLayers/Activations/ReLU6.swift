// Source: torch.nn.ReLU6 (2.13).

public import LayerKit

/// The rectified linear unit with a ceiling at 6.
///
///     y = min(max(0, x), 6)          dx = dy where 0 < x < 6, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at 0 and at 6 the derivative is taken to be that of the outer side, 0.
/// - NaN: stays NaN; its gradient is 0, as in PyTorch's vectorised code.
public struct ReLU6: ClampingLayer {
  public static let kind = "ReLU6"
  public static let passesAtLimits = false

  // MARK: Hyper-parameters

  public var lower: Double { 0 }
  public var upper: Double { 6 }

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
  }
}
