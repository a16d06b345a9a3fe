// Source: torch.nn.UpsamplingBilinear2d (2.13).

public import LayerKit
import Tensors

/// Images of another size by lines between cells, corner cells staying where they are: Upsample
/// with the mode `bilinear` and `align_corners`.
///
///     y[n, c, i, j] on the bilinear surface through x[n, c] at r·i, s·j, r = (H − 1)/(H′ − 1)
///
/// - Shapes: x [N, C, H, W] → y [N, C, H′, W′] of `size`, or ⌊H·scale_factor⌋, ⌊W·scale_factor⌋.
/// - Kinks: none. Linear in x.
public struct UpsamplingBilinear2d: ResamplingLayer {
  public static let kind = "UpsamplingBilinear2d"

  public let resampling: Resampling

  public init(_ hyperparameters: inout HyperparameterReader) {
    resampling = Resampling(.bilinear, axes: 2, alignsCorners: true, &hyperparameters)
  }

  public static var examples: [LayerExample] { LayerExample.upsampling2d }
}

extension LayerExample {
  /// What the two kinds that are named after their mode accept and refuse.
  static var upsampling2d: [LayerExample] {
    [
      LayerExample("twice the size", ["scale_factor": 2], inputs: [[2, 3, 4, 3]]),
      LayerExample("a size", ["size": [5, 2]], inputs: [[2, 2, 3, 4]]),
      LayerExample(
        "a factor for each axis", ["scale_factor": [0.5, 1.9]], inputs: [[1, 2, 5, 3]]),
      LayerExample("one cell", ["size": 1], inputs: [[1, 2, 3, 3]]),
      LayerExample("no sample", ["size": 4], inputs: [[0, 2, 3, 3]]),
      LayerExample("no size", inputs: [[1, 1, 4, 4]], refused: .missingHyperparameter("size")),
      LayerExample(
        "one axis", ["size": 4], inputs: [[1, 1, 4]],
        refused: .wrongShape(tensor: "input", expected: "(N, C, H, W)", found: [1, 1, 4])),
      LayerExample(
        "a mode", ["size": 4, "mode": "nearest"], inputs: [[1, 1, 4, 4]],
        refused: .unknownHyperparameter("mode", closest: nil)),
    ]
  }
}
