// Source: torch.nn.CircularPad2d (2.13).

public import LayerKit

/// An image that repeats itself.
///
///     y[i] = x[i mod L], on each axis
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, or one number for all; negative ones cut.
///   At most the extent. What is cut away is not repeated: L is what is left.
public struct CircularPad2d: PaddingLayer {
  public static let kind = "CircularPad2d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.circular, axes: 2, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.circularPadding(axes: 2) }
}
