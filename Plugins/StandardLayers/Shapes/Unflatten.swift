// Source: torch.nn.Unflatten (2.13).

public import LayerKit
public import Tensors

/// The layer that splits one axis into several, in row-major order.
///
///     y[n, c, i, j] = x[n, (c·H + i)·W + j]          dx[n, (c·H + i)·W + j] = dy[n, c, i, j]
///
/// - Shapes: x [a₀, …, aₖ, …] → y [a₀, …, b₀, …, bₘ, …], k = dim, aₖ = b₀·…·bₘ.
/// - Kinks: none.
public struct Unflatten: ReshapingLayer {
  public static let kind = "Unflatten"

  // MARK: Hyper-parameters

  /// The axis that is split.
  public let dimension: Int
  /// What it is split into; −1 at most once.
  private let extents: StatedExtents

  public init(_ hyperparameters: inout HyperparameterReader) {
    dimension = hyperparameters.integer("dim", in: dimensionRange)
    extents = StatedExtents("unflattened_size", &hyperparameters)
  }

  // MARK: Shapes

  public func shape(of input: Shape) throws -> Shape {
    guard input.rank > 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "at least one axis", found: input)
    }
    let axis = try input.axis(dimension, named: "dim")
    guard !extents.extents.isEmpty, let filled = extents.filled(with: input[axis]) else {
      throw extents.contradiction(tensors: .integer(input[axis]))
    }
    return Shape(input.extents[..<axis] + filled + input.extents[(axis + 1)...])
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample(
        "rows to images", ["dim": 1, "unflattened_size": [3, 4, 5]], inputs: [[2, 60]]),
      LayerExample(
        "the last axis, one extent left over", ["dim": -1, "unflattened_size": [2, -1]],
        inputs: [[2, 3, 8]]),
      LayerExample("one extent", ["dim": 0, "unflattened_size": 6], inputs: [[6]]),
      LayerExample(
        "no sample", ["dim": 1, "unflattened_size": [2, -1, 1]], inputs: [[0, 6, 2]]),
      LayerExample(
        "no dimension", ["unflattened_size": [2, 3]], inputs: [[6]],
        refused: .missingHyperparameter("dim")),
      LayerExample(
        "no extents", ["dim": 0], inputs: [[6]],
        refused: .missingHyperparameter("unflattened_size")),
      LayerExample(
        "another count", ["dim": 1, "unflattened_size": [2, 3]], inputs: [[2, 7]],
        refused: .contradiction(
          hyperparameter: "unflattened_size", declared: [2, 3], tensors: 7)),
      LayerExample(
        "anything could be left over", ["dim": 1, "unflattened_size": [0, -1]], inputs: [[2, 0]],
        refused: .contradiction(
          hyperparameter: "unflattened_size", declared: [0, -1], tensors: 0)),
      LayerExample(
        "two extents left over", ["dim": 0, "unflattened_size": [-1, -1]], inputs: [[4]],
        refused: .outOfRange(
          hyperparameter: "unflattened_size", allowed: "-1 at most once", found: [-1, -1])),
      LayerExample(
        "an axis too far", ["dim": 2, "unflattened_size": [2, 2]], inputs: [[2, 4]],
        refused: .outOfRange(hyperparameter: "dim", allowed: "-2 to 1", found: 2)),
      LayerExample(
        "a scalar", ["dim": 0, "unflattened_size": [1, 1]], inputs: [[]],
        refused: .wrongShape(tensor: "input", expected: "at least one axis", found: [])),
    ]
  }
}
