// Source: torch.nn.CircularPad1d (2.13).

public import LayerKit

/// A signal that repeats itself.
///
///     y[i] = x[i mod L], on each axis
///
/// - Hyper-parameters: `padding`, left, right, or one number for all; negative ones cut.
///   At most the extent. What is cut away is not repeated: L is what is left.
public struct CircularPad1d: PaddingLayer {
  public static let kind = "CircularPad1d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.circular, axes: 1, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.circularPadding(axes: 1) }
}
