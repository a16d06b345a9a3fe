// Source: torch.transpose (2.13).

public import LayerKit
public import Tensors

/// The layer that exchanges two axes.
///
///     y[…, j, …, i, …] = x[…, i, …, j, …]          dx[…, i, …, j, …] = dy[…, j, …, i, …]
///
/// - Shapes: x [a, b, c] → y [c, b, a] for the axes 0 and 2.
/// - Kinks: none.
public struct Transpose: RearrangingLayer {
  public static let kind = "Transpose"

  // MARK: Hyper-parameters

  /// The two axes, in any order.
  public let first: Int
  public let second: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    first = hyperparameters.integer("dim0", in: dimensionRange)
    second = hyperparameters.integer("dim1", in: dimensionRange)
  }

  // MARK: Shapes

  public func rearrangement(of input: Shape) throws -> Rearrangement {
    let first = try input.axis(first, named: "dim0")
    let second = try input.axis(second, named: "dim1")
    var order = Array(0..<input.rank)
    // A scalar counts as having one axis, which is exchanged with itself.
    if first != second { order.swapAt(first, second) }
    return Rearrangement(split: input, order: order, joined: Shape(order.map { input[$0] }))
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("a matrix", ["dim0": 0, "dim1": 1], inputs: [[2, 3]]),
      LayerExample("two of four axes", ["dim0": -1, "dim1": 1], inputs: [[2, 3, 4, 5]]),
      LayerExample("an axis with itself", ["dim0": 1, "dim1": -2], inputs: [[2, 3, 4]]),
      LayerExample("a scalar", ["dim0": 0, "dim1": -1], inputs: [[]]),
      LayerExample("no sample", ["dim0": 0, "dim1": 2], inputs: [[0, 3, 2, 1, 4]]),
      LayerExample(
        "one axis", ["dim0": 0], inputs: [[2, 3]], refused: .missingHyperparameter("dim1")),
      LayerExample(
        "an axis too far", ["dim0": 0, "dim1": -3], inputs: [[2, 3]],
        refused: .outOfRange(hyperparameter: "dim1", allowed: "-2 to 1", found: -3)),
    ]
  }
}
