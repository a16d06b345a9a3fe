// Source: torch.nn.ZeroPad1d (2.13).

public import LayerKit

/// Zeros around a signal.
///
///     y = x inside, 0 outside
///
/// - Hyper-parameters: `padding`, left, right, or one number for all; negative ones cut.
public struct ZeroPad1d: PaddingLayer {
  public static let kind = "ZeroPad1d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.zeros, axes: 1, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.constantPadding(axes: 1) }
}
