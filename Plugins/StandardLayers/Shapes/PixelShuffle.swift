// Source: torch.nn.PixelShuffle (2.13); W. Shi et al., *Real-Time Single Image and Video
// Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network*, 2016, §3.2.

public import LayerKit
public import Tensors

/// The layer that lays r² channels side by side as r × r cells of one.
///
///     y[n, c, i·r + p, j·r + q] = x[n, (c·r + p)·r + q, i, j]
///
/// - Shapes: x [*, C·r², H, W] → y [*, C, H·r, W·r], r = upscale_factor, * any axes or none.
/// - Kinks: none.
public struct PixelShuffle: RearrangingLayer {
  public static let kind = "PixelShuffle"

  // MARK: Hyper-parameters

  /// r, at least 1.
  public let factor: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    factor = hyperparameters.integer("upscale_factor", in: .cells(from: 1))
  }

  // MARK: Shapes

  public func rearrangement(of input: Shape) throws -> Rearrangement {
    let (r, lead) = (factor, input.rank - 3)
    guard lead >= 0, input[lead] % (r * r) == 0 else {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "(*, C·\(r * r), H, W)", found: input)
    }
    let (c, h, w) = (input[lead] / (r * r), input[lead + 1], input[lead + 2])
    let outer = Array(input.extents[..<lead])
    return Rearrangement(
      split: Shape(outer + [c, r, r, h, w]),
      order: outer.indices + [0, 3, 1, 4, 2].map { lead + $0 },
      joined: Shape(outer + [c, h * r, w * r]))
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("a factor of 2", ["upscale_factor": 2], inputs: [[2, 12, 3, 4]]),
      LayerExample("a factor of 3", ["upscale_factor": 3], inputs: [[1, 9, 2, 1]]),
      LayerExample("a factor of 1", ["upscale_factor": 1], inputs: [[2, 2, 3, 4]]),
      LayerExample("no batch axis", ["upscale_factor": 2], inputs: [[4, 2, 3]]),
      LayerExample("five axes", ["upscale_factor": 2], inputs: [[2, 3, 4, 1, 2]]),
      LayerExample("no sample", ["upscale_factor": 2], inputs: [[0, 4, 2, 3]]),
      LayerExample(
        "no factor", inputs: [[1, 4, 2, 3]], refused: .missingHyperparameter("upscale_factor")),
      LayerExample(
        "a factor of 0", ["upscale_factor": 0], inputs: [[1, 4, 2, 3]],
        refused: .outOfRange(hyperparameter: "upscale_factor", allowed: "1 to 1048576", found: 0)),
      LayerExample(
        "channels that do not divide", ["upscale_factor": 2], inputs: [[1, 6, 2, 3]],
        refused: .wrongShape(tensor: "input", expected: "(*, C·4, H, W)", found: [1, 6, 2, 3])),
      LayerExample(
        "two axes", ["upscale_factor": 2], inputs: [[4, 4]],
        refused: .wrongShape(tensor: "input", expected: "(*, C·4, H, W)", found: [4, 4])),
    ]
  }
}
