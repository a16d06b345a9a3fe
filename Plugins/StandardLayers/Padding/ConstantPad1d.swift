// Source: torch.nn.ConstantPad1d (2.13).

public import LayerKit

/// A constant around a signal.
///
///     y = x inside, value outside
///
/// - Hyper-parameters: `padding`, left, right, or one number for all; negative ones cut.
///   `value`, any number or infinity, is rounded to the type of the tensor.
public struct ConstantPad1d: PaddingLayer {
  public static let kind = "ConstantPad1d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    let value = hyperparameters.real("value", in: -Double.infinity...Double.infinity)
    padding = ImagePadding(.zeros, axes: 1, constant: value, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.constantPadding(axes: 1, value: 2.7) }
}
