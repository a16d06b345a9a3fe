// Source: torch.sum (2.13), whose argument `dim` is `dims` here.

public import LayerKit

/// The sum over some axes, or over all.
///
///     y = Σ x          dx = dy
///
/// The sum of no elements is 0.
public struct Sum: ReducingLayer {
  public static let kind = "Sum"
  public static let isMean = false

  public let axes: ReducedAxes

  public init(_ hyperparameters: inout HyperparameterReader) {
    axes = ReducedAxes(&hyperparameters)
  }
}
