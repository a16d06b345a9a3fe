// Source: torch.permute (2.13).

public import LayerKit
public import Tensors

/// The layer that puts the axes into another order.
///
///     y[i_d₀, i_d₁, …] = x[i₀, i₁, …]          dx[i₀, i₁, …] = dy[i_d₀, i_d₁, …]
///
/// - Shapes: axis k of y is axis dims[k] of x.
/// - Kinks: none.
public struct Permute: RearrangingLayer {
  public static let kind = "Permute"

  // MARK: Hyper-parameters

  /// For each axis of the result, the axis of the input it comes from.
  public let dimensions: [Int]

  public init(_ hyperparameters: inout HyperparameterReader) {
    let before = hyperparameters.problems.count
    let stated = hyperparameters.optionalIntegers("dims", in: dimensionRange)
    dimensions = stated ?? []
    if stated == nil, hyperparameters.problems.count == before {
      hyperparameters.report(.missingHyperparameter("dims"))
    }
  }

  // MARK: Shapes

  public func rearrangement(of input: Shape) throws -> Rearrangement {
    guard dimensions.count == input.rank else {
      throw LayerProblem.outOfRange(
        hyperparameter: "dims", allowed: "each of the \(input.rank) axes once",
        found: .list(dimensions.map { .integer($0) }))
    }
    let order = try input.axes(dimensions, named: "dims")
    return Rearrangement(split: input, order: order, joined: Shape(order.map { input[$0] }))
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("channels last", ["dims": [0, 2, 3, 1]], inputs: [[2, 3, 4, 5]]),
      LayerExample("five axes", ["dims": [4, 0, 3, 1, 2]], inputs: [[2, 3, 1, 4, 5]]),
      LayerExample("from the end", ["dims": [-1, 0, -2]], inputs: [[2, 3, 4]]),
      LayerExample("one axis", ["dims": 0], inputs: [[3]]),
      LayerExample("a scalar", ["dims": []], inputs: [[]]),
      LayerExample("no sample", ["dims": [1, 0]], inputs: [[0, 3]]),
      LayerExample("no order", inputs: [[2]], refused: .missingHyperparameter("dims")),
      LayerExample(
        "too few axes", ["dims": [1, 0]], inputs: [[2, 3, 4]],
        refused: .outOfRange(
          hyperparameter: "dims", allowed: "each of the 3 axes once", found: [1, 0])),
      LayerExample(
        "an axis twice", ["dims": [1, -1]], inputs: [[2, 3]],
        refused: .outOfRange(
          hyperparameter: "dims", allowed: "each axis at most once", found: [1, -1])),
      LayerExample(
        "an axis too far", ["dims": [0, 2]], inputs: [[2, 3]],
        refused: .outOfRange(hyperparameter: "dims", allowed: "-2 to 1", found: 2)),
    ]
  }
}
