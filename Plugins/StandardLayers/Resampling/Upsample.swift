// Source: torch.nn.Upsample (2.13).

public import LayerKit
import Tensors

/// Images of another size, larger or smaller.
///
///     y[j] = Σ_c A[j, c]·x[c] along each axis, A by `mode` and the position p of new cell j
///     p = r·j with `align_corners`, r = (L − 1)/(L′ − 1); otherwise p = r·(j + ½) − ½
///
/// - Shapes: x [N, C, L], [N, C, H, W] or [N, C, D, H, W] → y with the spatial extents `size`, or
///   ⌊L·scale_factor⌋. One of the two must be given, for all axes or for each; then r = L/L′, or
///   1/scale_factor unless `recompute_scale_factor`.
/// - Modes: `nearest` (the default) takes cell ⌊r·j⌋, `nearest-exact` ⌊r·(j + ½)⌋; `linear`,
///   `bilinear` and `trilinear`, for 1, 2 and 3 axes, lie on the line between two cells, `bicubic`,
///   for 2 axes, on a cubic through four; `area` is the mean of the cells that new cell j touches.
/// - Kinks: none in x. Where rounding decides between two cells, `nearest` follows the forward
///   pass of PyTorch; its backward pass, which may take the other one, agrees too. Between equal
///   extents the modes on lines copy, whatever the scale; `bicubic` does not. PyTorch's backward
///   pass of `bicubic` does copy there: that is not the gradient of its forward pass, and differs.
public struct Upsample: ResamplingLayer {
  public static let kind = "Upsample"

  public let resampling: Resampling

  public init(_ hyperparameters: inout HyperparameterReader) {
    resampling = Resampling(&hyperparameters)
  }

  // MARK: Examples

  public static var examples: [LayerExample] { selecting + interpolating + refused }

  private static let selecting = [
    LayerExample("twice the size, one axis", ["scale_factor": 2], inputs: [[2, 3, 5]]),
    LayerExample(
      "a factor for each axis", ["scale_factor": [1.7, 0.6]], inputs: [[2, 3, 4, 7]]),
    LayerExample("sizes, three axes", ["size": [5, 2, 7]], inputs: [[1, 2, 3, 4, 3]]),
    LayerExample(
      "a factor that keeps the size", ["scale_factor": 1.1, "mode": "bilinear"],
      inputs: [[1, 2, 9, 5]]),
    LayerExample(
      "a recomputed factor", ["scale_factor": 2.9, "recompute_scale_factor": true],
      inputs: [[1, 2, 5]]),
    LayerExample(
      "by centres", ["scale_factor": [0.7, 3], "mode": "nearest-exact"], inputs: [[2, 2, 7, 3]]),
    LayerExample("by centres, a size", ["size": 4, "mode": "nearest-exact"], inputs: [[2, 1, 6]]),
    LayerExample("no sample", ["size": 4], inputs: [[0, 2, 3, 3]]),
  ]

  private static let interpolating = [
    LayerExample("linear", ["size": 7, "mode": "linear"], inputs: [[2, 3, 4]]),
    LayerExample(
      "linear, corners aligned", ["scale_factor": 2.5, "mode": "linear", "align_corners": true],
      inputs: [[2, 3, 4]]),
    LayerExample(
      "bilinear", ["scale_factor": 2, "mode": "bilinear", "align_corners": false],
      inputs: [[2, 3, 4, 3]]),
    LayerExample(
      "bilinear, smaller, a recomputed factor",
      ["scale_factor": [0.55, 1.3], "mode": "bilinear", "recompute_scale_factor": true],
      inputs: [[1, 2, 9, 5]]),
    LayerExample(
      "bilinear to one cell, corners aligned",
      ["size": [1, 3], "mode": "bilinear", "align_corners": true], inputs: [[1, 2, 4, 3]]),
    LayerExample(
      "bilinear from one cell", ["size": [3, 2], "mode": "bilinear"], inputs: [[2, 1, 1, 1]]),
    LayerExample(
      "bicubic", ["scale_factor": [1.5, 2.3], "mode": "bicubic"], inputs: [[2, 2, 4, 3]]),
    LayerExample(
      "bicubic, corners aligned", ["size": [3, 8], "mode": "bicubic", "align_corners": true],
      inputs: [[1, 2, 6, 5]]),
    LayerExample(
      "bicubic from few cells", ["size": [3, 4], "mode": "bicubic"], inputs: [[1, 2, 1, 2]]),
    LayerExample(
      "trilinear", ["scale_factor": [2, 0.5, 1.4], "mode": "trilinear"],
      inputs: [[2, 2, 2, 4, 3]]),
    LayerExample(
      "trilinear, corners aligned", ["size": 3, "mode": "trilinear", "align_corners": true],
      inputs: [[1, 2, 2, 4, 3]]),
    LayerExample("means of areas", ["size": [2, 5], "mode": "area"], inputs: [[2, 2, 5, 3]]),
    LayerExample("means by a factor", ["scale_factor": 0.4, "mode": "area"], inputs: [[1, 2, 8]]),
    LayerExample("no sample, linear", ["size": 4, "mode": "linear"], inputs: [[0, 2, 3]]),
  ]

  private static let refused = [
    LayerExample("no size", inputs: [[1, 1, 4]], refused: .missingHyperparameter("size")),
    LayerExample(
      "a size and a factor", ["size": 8, "scale_factor": 2], inputs: [[1, 1, 4]],
      refused: .outOfRange(
        hyperparameter: "scale_factor", allowed: "nothing together with `size`", found: [2.0])),
    LayerExample(
      "a size that says everything", ["size": 8, "recompute_scale_factor": true],
      inputs: [[1, 1, 4]],
      refused: .outOfRange(
        hyperparameter: "recompute_scale_factor", allowed: "false together with `size`",
        found: true)),
    LayerExample(
      "corners of selected cells", ["size": 8, "align_corners": false], inputs: [[1, 1, 4]],
      refused: .outOfRange(
        hyperparameter: "align_corners", allowed: "nothing together with the mode \"nearest\"",
        found: false)),
    LayerExample(
      "a factor of 0", ["scale_factor": [0, 2]], inputs: [[1, 1, 4, 4]],
      refused: .outOfRange(
        hyperparameter: "scale_factor", allowed: "numbers above 0 and up to 1048576",
        found: [0, 2])),
    LayerExample(
      "no cell left", ["scale_factor": 0.2], inputs: [[1, 1, 6, 4]],
      refused: .outOfRange(
        hyperparameter: "scale_factor",
        allowed: "factors that make 1 to 1048576 cells of the 4 along width", found: [0.2])),
    LayerExample(
      "three sizes for two axes", ["size": [1, 2, 3]], inputs: [[1, 1, 4, 4]],
      refused: .outOfRange(
        hyperparameter: "size", allowed: "one number, or one for each of the 2 axes",
        found: [1, 2, 3])),
    LayerExample(
      "another number of axes", ["size": 4, "mode": "bilinear"], inputs: [[1, 1, 4]],
      refused: .wrongShape(tensor: "input", expected: "(N, C, H, W)", found: [1, 1, 4])),
    LayerExample(
      "no batch axis", ["size": 4], inputs: [[1, 4]],
      refused: .wrongShape(tensor: "input", expected: "(N, C, L)", found: [1, 4])),
    LayerExample(
      "a result beyond all integers", ["size": 1_048_576], inputs: [[2, 8, 1, 1, 1]],
      refused: .other(
        "asks for an output of the extents [2, 8, 1048576, 1048576, 1048576], more than 2^34"
          + " elements")),
    LayerExample(
      "an unknown mode", ["size": 4, "mode": "cubic"], inputs: [[1, 1, 4]],
      refused: .outOfRange(
        hyperparameter: "mode",
        allowed: "one of \"nearest\", \"nearest-exact\", \"linear\", \"bilinear\", \"bicubic\","
          + " \"trilinear\", \"area\"", found: "cubic")),
  ]
}
