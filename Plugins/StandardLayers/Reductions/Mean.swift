// Source: torch.mean (2.13), whose argument `dim` is `dims` here.

public import LayerKit

/// The mean over some axes, or over all.
///
///     y = Σ x / k          dx = dy / k, k the number of elements of a sum
///
/// The mean of no elements is NaN.
public struct Mean: ReducingLayer {
  public static let kind = "Mean"
  public static let isMean = true

  public let axes: ReducedAxes

  public init(_ hyperparameters: inout HyperparameterReader) {
    axes = ReducedAxes(&hyperparameters)
  }
}
