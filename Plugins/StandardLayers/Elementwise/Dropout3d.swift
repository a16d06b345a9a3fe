// Source: torch.nn.Dropout3d (2.13). Chance is not repeated: the mask that was drawn is given.

public import LayerKit
import Tensors

/// The layer that zeroes random channels while training, given the mask that was drawn.
///
///     training:    y = x·mask/(1 − p)          dx = dy·mask/(1 − p)          0 where p = 1
///     evaluation:  y = x                       dx = dy
///
/// - Shapes: x [N, C, D, H, W] or [C, D, H, W]; PyTorch takes any rank, and in training one axis
///   or more → y of the same
///   shape. The mask broadcasts to it: one number a channel, or one an element.
/// - Kinks: none. Linear in x. NaN stays NaN, under a mask of 0 as well.
public struct Dropout3d: DropoutLayer {
  public static let kind = "Dropout3d"

  // MARK: Hyper-parameters

  /// The probability that a channel is zeroed; 0.5 by default.
  public let probability: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    probability = hyperparameters.dropoutProbability()
  }

  // MARK: Shapes

  public static func allowedRanks(isTraining: Bool) -> (ranks: ClosedRange<Int>, notation: String) {
    isTraining ? (1...Int.max, "(N, C, …) or (C, …)") : (0...Int.max, "any")
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("evaluation", inputs: [[2, 3, 2, 3, 4]]),
      training("a mask of channels", [:], [2, 3, 2, 3, 4], mask: [2, 3, 1, 1, 1]),
      training(
        "a mask of elements", ["p": 0.2, "inplace": true], [2, 3, 2, 3, 4], mask: [2, 3, 2, 3, 4]),
      training("no batch axis", ["p": 0.3], [3, 2, 3, 4], mask: [3, 1, 1, 1]),
      training("no images", ["p": 0.3], [0, 3, 2, 3, 4], mask: [0, 3, 1, 1, 1]),
      LayerExample("evaluation, a scalar", inputs: [[]]),
      training("one axis", ["p": 0.4], [4], mask: [4]),
      LayerExample(
        "a scalar", inputs: [[]], auxiliary: ["mask": []], isTraining: true,
        refused: .wrongShape(tensor: "input", expected: "(N, C, …) or (C, …)", found: [])),
    ] + probabilityExamples([2, 3, 2, 3, 4])
  }
}
