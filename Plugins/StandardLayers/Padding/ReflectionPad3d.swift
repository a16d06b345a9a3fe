// Source: torch.nn.ReflectionPad3d (2.13).

public import LayerKit

/// A volume mirrored at its border cells, which are not repeated.
///
///     y[i] = x[−i] before the first cell, x[2(L − 1) − i] after the last, on each axis
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, front, back, or one number for all; negative ones cut.
///   At most the extent minus 1.
public struct ReflectionPad3d: PaddingLayer {
  public static let kind = "ReflectionPad3d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.reflect, axes: 3, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.reflectionPadding(axes: 3) }
}
