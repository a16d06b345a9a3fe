// Source: torch.nn.Dropout2d (2.13). Chance is not repeated: the mask that was drawn is given.

public import LayerKit
import Tensors

/// The layer that zeroes random channels while training, given the mask that was drawn.
///
///     training:    y = x·mask/(1 − p)          dx = dy·mask/(1 − p)          0 where p = 1
///     evaluation:  y = x                       dx = dy
///
/// - Shapes: x [N, C, H, W]; PyTorch takes any rank, and in training two axes or more → y of the same
///   shape. The mask broadcasts to it: one number a channel, or one an element.
/// - Kinks: none. Linear in x. NaN stays NaN, under a mask of 0 as well.
public struct Dropout2d: DropoutLayer {
  public static let kind = "Dropout2d"

  // MARK: Hyper-parameters

  /// The probability that a channel is zeroed; 0.5 by default.
  public let probability: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    probability = hyperparameters.dropoutProbability()
  }

  // MARK: Shapes

  public static func allowedRanks(isTraining: Bool) -> (ranks: ClosedRange<Int>, notation: String) {
    isTraining ? (2...Int.max, "(N, C, …)") : (0...Int.max, "any")
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("evaluation", inputs: [[2, 3, 4, 5]]),
      training("a mask of channels", [:], [2, 3, 4, 5], mask: [2, 3, 1, 1]),
      training(
        "a mask of elements", ["p": 0.2, "inplace": true], [2, 3, 4, 5], mask: [2, 3, 4, 5]),
      training("no images", ["p": 0.3], [0, 3, 4, 5], mask: [0, 3, 1, 1]),
      LayerExample("evaluation, one axis", inputs: [[4]]),
      training("two axes", ["p": 0.4], [3, 4], mask: [3, 4]),
      training("three axes", ["p": 0.4], [2, 3, 4], mask: [2, 3, 1]),
      LayerExample(
        "one axis", inputs: [[4]], auxiliary: ["mask": [4]], isTraining: true,
        refused: .wrongShape(tensor: "input", expected: "(N, C, …)", found: [4])),
    ] + probabilityExamples([2, 3, 4, 5])
  }
}
