// Source: torch.unsqueeze (2.13).

public import LayerKit
public import Tensors

/// The layer that inserts an axis of length 1.
///
///     y = x with the axis          dx = dy without it
///
/// - Shapes: x [a, b] → y [1, a, b], [a, 1, b] or [a, b, 1].
/// - Kinks: none.
public struct Unsqueeze: ReshapingLayer {
  public static let kind = "Unsqueeze"

  // MARK: Hyper-parameters

  /// Where the new axis stands in the result.
  public let dimension: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = hyperparameters.integer("dim", in: dimensionRange)
  }

  // MARK: Shapes

  public func shape(of input: Shape) throws -> Shape {
    let longer = Shape(input.extents + [1])
    let axis = try longer.axis(dimension, named: "dim")
    return Shape(input.extents[..<axis] + [1] + input.extents[axis...])
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("at the front", ["dim": 0], inputs: [[2, 3]]),
      LayerExample("in the middle", ["dim": 2], inputs: [[2, 3, 4, 5]]),
      LayerExample("at the end", ["dim": -1], inputs: [[2, 3]]),
      LayerExample("at the front, from the end", ["dim": -3], inputs: [[2, 3]]),
      LayerExample("a scalar", ["dim": 0], inputs: [[]]),
      LayerExample("no sample", ["dim": 1], inputs: [[0, 2]]),
      LayerExample("no place", inputs: [[2]], refused: .missingHyperparameter("dim")),
      LayerExample(
        "a place too far", ["dim": 3], inputs: [[2, 3]],
        refused: .outOfRange(hyperparameter: "dim", allowed: "-3 to 2", found: 3)),
    ]
  }
}
