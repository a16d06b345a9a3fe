// Source: torch.nn.ConstantPad3d (2.13).

public import LayerKit

/// A constant around a volume.
///
///     y = x inside, value outside
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, front, back, or one number for all; negative ones cut.
///   `value`, any number or infinity, is rounded to the type of the tensor.
public struct ConstantPad3d: PaddingLayer {
  public static let kind = "ConstantPad3d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    let value = hyperparameters.real("value", in: -Double.infinity...Double.infinity)
    padding = ImagePadding(.zeros, axes: 3, constant: value, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.constantPadding(axes: 3, value: 2.7) }
}
