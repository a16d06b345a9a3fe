// Source: torch.nn.PixelUnshuffle (2.13), the inverse of PixelShuffle.

public import LayerKit
public import Tensors

/// The layer that makes r² channels of the r × r cells of each block.
///
///     y[n, (c·r + p)·r + q, i, j] = x[n, c, i·r + p, j·r + q]
///
/// - Shapes: x [*, C, H·r, W·r] → y [*, C·r², H, W], r = downscale_factor, * any axes or none.
/// - Kinks: none.
public struct PixelUnshuffle: RearrangingLayer {
  public static let kind = "PixelUnshuffle"

  // MARK: Hyper-parameters

  /// r, at least 1.
  public let factor: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    factor = hyperparameters.integer("downscale_factor", in: .cells(from: 1))
  }

  // MARK: Shapes

  public func rearrangement(of input: Shape) throws -> Rearrangement {
    let (r, lead) = (factor, input.rank - 3)
    guard lead >= 0, input[lead + 1] % r == 0, input[lead + 2] % r == 0 else {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "(*, C, H·\(r), W·\(r))", found: input)
    }
    let (c, h, w) = (input[lead], input[lead + 1] / r, input[lead + 2] / r)
    let outer = Array(input.extents[..<lead])
    return Rearrangement(
      split: Shape(outer + [c, h, r, w, r]),
      order: outer.indices + [0, 2, 4, 1, 3].map { lead + $0 },
      joined: Shape(outer + [c * r * r, h, w]))
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("a factor of 2", ["downscale_factor": 2], inputs: [[2, 3, 4, 6]]),
      LayerExample("a factor of 3", ["downscale_factor": 3], inputs: [[1, 2, 6, 3]]),
      LayerExample("a factor of 1", ["downscale_factor": 1], inputs: [[2, 2, 3, 4]]),
      LayerExample("no batch axis", ["downscale_factor": 2], inputs: [[3, 2, 4]]),
      LayerExample("five axes", ["downscale_factor": 2], inputs: [[2, 3, 1, 2, 4]]),
      LayerExample("no sample", ["downscale_factor": 2], inputs: [[0, 1, 4, 2]]),
      LayerExample(
        "a height that does not divide", ["downscale_factor": 2], inputs: [[1, 1, 3, 4]],
        refused: .wrongShape(
          tensor: "input", expected: "(*, C, H·2, W·2)", found: [1, 1, 3, 4])),
      LayerExample(
        "two axes", ["downscale_factor": 2], inputs: [[4, 4]],
        refused: .wrongShape(tensor: "input", expected: "(*, C, H·2, W·2)", found: [4, 4])),
    ]
  }
}
