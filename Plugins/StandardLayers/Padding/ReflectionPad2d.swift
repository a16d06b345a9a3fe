// Source: torch.nn.ReflectionPad2d (2.13).

public import LayerKit

/// An image mirrored at its border cells, which are not repeated.
///
///     y[i] = x[−i] before the first cell, x[2(L − 1) − i] after the last, on each axis
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, or one number for all; negative ones cut.
///   At most the extent minus 1.
public struct ReflectionPad2d: PaddingLayer {
  public static let kind = "ReflectionPad2d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.reflect, axes: 2, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.reflectionPadding(axes: 2) }
}
