// Source: torch.nn.Dropout1d (2.13). Chance is not repeated: the mask that was drawn is given.

public import LayerKit
import Tensors

/// The layer that zeroes random channels while training, given the mask that was drawn.
///
///     training:    y = x·mask/(1 − p)          dx = dy·mask/(1 − p)          0 where p = 1
///     evaluation:  y = x                       dx = dy
///
/// - Shapes: x [N, C, L] or [C, L] → y of the same
///   shape. The mask broadcasts to it: one number a channel, or one an element.
/// - Kinks: none. Linear in x. NaN stays NaN, under a mask of 0 as well.
public struct Dropout1d: DropoutLayer {
  public static let kind = "Dropout1d"

  // MARK: Hyper-parameters

  /// The probability that a channel is zeroed; 0.5 by default.
  public let probability: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    probability = hyperparameters.dropoutProbability()
  }

  // MARK: Shapes

  public static func allowedRanks(isTraining: Bool) -> (ranks: ClosedRange<Int>, notation: String) {
    (2...3, "(N, C, L) or (C, L)")
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("evaluation", inputs: [[2, 3, 5]]),
      training("a mask of channels", [:], [2, 3, 5], mask: [2, 3, 1]),
      training("a mask of elements", ["p": 0.2, "inplace": true], [2, 3, 5], mask: [2, 3, 5]),
      training("no batch axis", ["p": 0.3], [3, 5], mask: [3, 1]),
      training("no images", ["p": 0.3], [0, 3, 5], mask: [0, 3, 1]),
      LayerExample(
        "an image", inputs: [[2, 3, 4, 5]],
        refused: .wrongShape(
          tensor: "input", expected: "(N, C, L) or (C, L)", found: [2, 3, 4, 5])),
      LayerExample(
        "one axis", inputs: [[4]],
        refused: .wrongShape(tensor: "input", expected: "(N, C, L) or (C, L)", found: [4])),
    ] + probabilityExamples([2, 3, 5])
  }
}
