// Source: torch.nn.ZeroPad2d (2.13).

public import LayerKit

/// Zeros around an image.
///
///     y = x inside, 0 outside
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, or one number for all; negative ones cut.
public struct ZeroPad2d: PaddingLayer {
  public static let kind = "ZeroPad2d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.zeros, axes: 2, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.constantPadding(axes: 2) }
}
