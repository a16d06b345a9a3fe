// Source: torch.nn.ReplicationPad1d (2.13).

public import LayerKit

/// A signal whose border cells are repeated.
///
///     y[i] = x[0] before the first cell, x[L − 1] after the last, on each axis
///
/// - Hyper-parameters: `padding`, left, right, or one number for all; negative ones cut.
public struct ReplicationPad1d: PaddingLayer {
  public static let kind = "ReplicationPad1d"

  public let padding: ImagePadding

  public init(_ hyperparameters: inout HyperparameterReader) {
    padding = ImagePadding(.replicate, axes: 1, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.replicationPadding(axes: 1) }
}
