// Source: torch.nn.Flatten (2.13).

public import LayerKit
public import Tensors

/// The layer that joins neighbouring axes into one, in row-major order.
///
///     y[n, (c·H + i)·W + j] = x[n, c, i, j]          dx[n, c, i, j] = dy[n, (c·H + i)·W + j]
///
/// - Shapes: x [a₀, …, aₛ, …, aₑ, …] → y [a₀, …, aₛ·…·aₑ, …], s = start_dim, e = end_dim;
///   a scalar becomes [1].
/// - Kinks: none.
public struct Flatten: ReshapingLayer {
  public static let kind = "Flatten"

  // MARK: Hyper-parameters

  /// The first axis that is joined; 1 by default.
  public let first: Int
  /// The last axis that is joined; −1, the last of all, by default.
  public let last: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    first = hyperparameters.integer("start_dim", default: 1, in: dimensionRange)
    last = hyperparameters.integer("end_dim", default: -1, in: dimensionRange)
  }

  // MARK: Shapes

  public func shape(of input: Shape) throws -> Shape {
    let start = try input.axis(first, named: "start_dim")
    let end = try input.axis(last, named: "end_dim")
    guard start <= end else {
      throw LayerProblem.outOfRange(
        hyperparameter: "end_dim", allowed: "an axis not before `start_dim` = \(first)",
        found: .integer(last))
    }
    guard input.rank > 0 else { return [1] }
    let extents = input.extents
    let joined = extents[start...end].reduce(1, *)
    return Shape(extents[..<start] + [joined] + extents[(end + 1)...])
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("an image, batch of 2", inputs: [[2, 3, 4, 5]]),
      LayerExample("a matrix, which stays", inputs: [[3, 4]]),
      LayerExample("five axes", inputs: [[2, 1, 3, 2, 4]]),
      LayerExample("a scalar", ["start_dim": 0], inputs: [[]]),
      LayerExample("one axis", ["start_dim": 0], inputs: [[7]]),
      LayerExample("everything", ["start_dim": 0, "end_dim": -1], inputs: [[2, 3, 4]]),
      LayerExample("the middle", ["start_dim": -3, "end_dim": -2], inputs: [[2, 3, 4, 5]]),
      LayerExample("one axis of four", ["start_dim": 2, "end_dim": 2], inputs: [[2, 3, 4, 5]]),
      LayerExample(
        "no second axis", inputs: [[7]],
        refused: .outOfRange(hyperparameter: "start_dim", allowed: "-1 to 0", found: 1)),
      LayerExample(
        "an axis too far", ["end_dim": 3], inputs: [[2, 3, 4]],
        refused: .outOfRange(hyperparameter: "end_dim", allowed: "-3 to 2", found: 3)),
      LayerExample(
        "the end before the start", ["start_dim": 2, "end_dim": 1], inputs: [[2, 3, 4]],
        refused: .outOfRange(
          hyperparameter: "end_dim", allowed: "an axis not before `start_dim` = 2", found: 1)),
    ]
  }
}
