// Source: torch.nn.ZeroPad3d (2.13).

public import LayerKit

/// Zeros around a volume.
///
///     y = x inside, 0 outside
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, front, back, or one number for all; negative ones cut.
public struct ZeroPad3d: PaddingLayer {
  public static let kind = "ZeroPad3d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.zeros, axes: 3, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.constantPadding(axes: 3) }
}
