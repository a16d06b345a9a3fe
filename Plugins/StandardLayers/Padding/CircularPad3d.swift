// Source: torch.nn.CircularPad3d (2.13).

public import LayerKit

/// A volume that repeats itself.
///
///     y[i] = x[i mod L], on each axis
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, front, back, or one number for all; negative ones cut.
///   At most the extent. What is cut away is not repeated: L is what is left.
public struct CircularPad3d: PaddingLayer {
  public static let kind = "CircularPad3d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.circular, axes: 3, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.circularPadding(axes: 3) }
}
