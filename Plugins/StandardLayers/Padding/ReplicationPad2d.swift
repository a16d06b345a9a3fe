// Source: torch.nn.ReplicationPad2d (2.13).

public import LayerKit

/// An image whose border cells are repeated.
///
///     y[i] = x[0] before the first cell, x[L − 1] after the last, on each axis
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, or one number for all; negative ones cut.
public struct ReplicationPad2d: PaddingLayer {
  public static let kind = "ReplicationPad2d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.replicate, axes: 2, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.replicationPadding(axes: 2) }
}
