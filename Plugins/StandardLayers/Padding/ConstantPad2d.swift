// Source: torch.nn.ConstantPad2d (2.13).

public import LayerKit

/// A constant around an image.
///
///     y = x inside, value outside
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, or one number for all; negative ones cut.
///   `value`, any number or infinity, is rounded to the type of the tensor.
public struct ConstantPad2d: PaddingLayer {
  public static let kind = "ConstantPad2d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    let value = hyperparameters.real("value", in: -Double.infinity...Double.infinity)
    padding = ImagePadding(.zeros, axes: 2, constant: value, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.constantPadding(axes: 2, value: 2.7) }
}
