// Source: torch.nn.ReflectionPad1d (2.13).

public import LayerKit

/// A signal mirrored at its border cells, which are not repeated.
///
///     y[i] = x[−i] before the first cell, x[2(L − 1) − i] after the last, on each axis
///
/// - Hyper-parameters: `padding`, left, right, or one number for all; negative ones cut.
///   At most the extent minus 1.
public struct ReflectionPad1d: PaddingLayer {
  public static let kind = "ReflectionPad1d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.reflect, axes: 1, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.reflectionPadding(axes: 1) }
}
