// Source: torch.nn.UpsamplingNearest2d (2.13).

public import LayerKit

/// Images of another size by copies of cells: Upsample with the mode `nearest`, on two axes.
///
///     y[n, c, i, j] = x[n, c, ⌊r·i⌋, ⌊s·j⌋]
///
/// - Shapes: x [N, C, H, W] → y [N, C, H′, W′] of `size`, or ⌊H·scale_factor⌋, ⌊W·scale_factor⌋.
/// - Kinks: none. Linear in x.
public struct UpsamplingNearest2d: ResamplingLayer {
  public static let kind = "UpsamplingNearest2d"

  public let resampling: Resampling

  public init(_ hyperparameters: inout HyperparameterReader) {
    resampling = Resampling(.nearest, axes: 2, alignsCorners: false, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.upsampling2d }
}
