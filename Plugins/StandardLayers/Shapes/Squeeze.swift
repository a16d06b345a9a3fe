// Source: torch.squeeze (2.13).

public import LayerKit
public import Tensors

/// The layer that removes axes of length 1.
///
///     y = x without the axes          dx = dy with them
///
/// - Shapes: x [a, 1, b] → y [a, b]. An axis that is named and is longer than 1 stays.
/// - Kinks: none.
public struct Squeeze: ReshapingLayer {
  public static let kind = "Squeeze"

  // MARK: Hyper-parameters

  /// The axes that may be removed; nil for all, which is the default.
  public let dimensions: [Int]?

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimensions = hyperparameters.optionalIntegers("dim", in: dimensionRange)
  }

  // MARK: Shapes

  public func shape(of input: Shape) throws -> Shape {
    let named = try dimensions.map { try input.axes($0, named: "dim") }
    return Shape(
      input.extents.indices
        .filter { input[$0] != 1 || !(named?.contains($0) ?? true) }
        .map { input[$0] })
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("all axes of length 1", inputs: [[1, 3, 1, 2, 1]]),
      LayerExample("no axis of length 1", inputs: [[2, 3]]),
      LayerExample("one axis", ["dim": 1], inputs: [[1, 1, 3]]),
      LayerExample("an axis that stays", ["dim": -1], inputs: [[1, 2]]),
      LayerExample("two of three axes", ["dim": [-1, 0]], inputs: [[1, 2, 1, 3, 1]]),
      LayerExample("all by name", ["dim": "none"], inputs: [[1, 2, 1]]),
      LayerExample("one number", inputs: [[1, 1]]),
      LayerExample("a scalar", ["dim": 0], inputs: [[]]),
      LayerExample("no sample", ["dim": 1], inputs: [[0, 1, 2]]),
      LayerExample(
        "an axis too far", ["dim": 2], inputs: [[1, 2]],
        refused: .outOfRange(hyperparameter: "dim", allowed: "-2 to 1", found: 2)),
      LayerExample(
        "an axis twice", ["dim": [0, -2]], inputs: [[1, 2]],
        refused: .outOfRange(
          hyperparameter: "dim", allowed: "each axis at most once", found: [0, -2])),
    ]
  }
}
