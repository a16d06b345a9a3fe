// Source: torch.nn.ReplicationPad3d (2.13).

public import LayerKit

/// A volume whose border cells are repeated.
///
///     y[i] = x[0] before the first cell, x[L − 1] after the last, on each axis
///
/// - Hyper-parameters: `padding`, left, right, top, bottom, front, back, or one number for all; negative ones cut.
public struct ReplicationPad3d: PaddingLayer {
  public static let kind = "ReplicationPad3d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.replicate, axes: 3, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.replicationPadding(axes: 3) }
}
