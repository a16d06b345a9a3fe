// Source: torch.nn.ChannelShuffle (2.13); X. Zhang et al., *ShuffleNet: An Extremely Efficient
// Convolutional Neural Network for Mobile Devices*, 2018, §3.1.

public import LayerKit
public import Tensors

/// The layer that deals the channels of g groups out in turn.
///
///     y[n, k·g + m, …] = x[n, m·C/g + k, …]
///
/// - Shapes: x [N, C, …] → y of the same shape, g = groups a divisor of C.
/// - Kinks: none.
public struct ChannelShuffle: RearrangingLayer {
  public static let kind = "ChannelShuffle"

  // MARK: Hyper-parameters

  /// g, at least 1.
  public let groups: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    groups = hyperparameters.integer("groups", in: .cells(from: 1))
  }

  // MARK: Shapes

  public func rearrangement(of input: Shape) throws -> Rearrangement {
    guard input.rank > 2, input[1] % groups == 0 else {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "(N, C·\(groups), *) with three axes or more", found: input)
    }
    let inner = input.extents[2...].reduce(1, *)
    return Rearrangement(
      split: [input[0], groups, input[1] / groups, inner], order: [0, 2, 1, 3], joined: input)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("two groups", ["groups": 2], inputs: [[2, 6, 3, 4]]),
      LayerExample("three groups", ["groups": 3], inputs: [[2, 6, 5]]),
      LayerExample("one group", ["groups": 1], inputs: [[2, 4, 1, 2]]),
      LayerExample("every channel a group", ["groups": 4], inputs: [[1, 4, 2, 1, 3]]),
      LayerExample("no sample", ["groups": 2], inputs: [[0, 4, 2, 3]]),
      LayerExample(
        "channels that do not divide", ["groups": 3], inputs: [[1, 4, 2, 2]],
        refused: .wrongShape(
          tensor: "input", expected: "(N, C·3, *) with three axes or more",
          found: [1, 4, 2, 2])),
      LayerExample(
        "two axes", ["groups": 2], inputs: [[1, 4]],
        refused: .wrongShape(
          tensor: "input", expected: "(N, C·2, *) with three axes or more", found: [1, 4])),
      LayerExample("no groups", inputs: [[1, 4, 2]], refused: .missingHyperparameter("groups")),
    ]
  }
}
