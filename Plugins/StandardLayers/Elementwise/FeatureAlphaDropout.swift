// Source: torch.nn.FeatureAlphaDropout (2.13). Chance is not repeated: the mask that was drawn is
// given.

public import LayerKit
import Tensors

/// The dropout for SELU that drops whole channels.
///
///     training:    y = a·(x·mask − α(1 − mask)) + aαp          dx = a·dy·mask
///                  a = 1/√((α²p + 1)(1 − p)),  α = 1.7580993408473766
///                  y = dx = 0 where p = 1
///     evaluation:  y = x                                       dx = dy
///
/// - Shapes: x [N, C, …], in evaluation of any shape → y of the same shape. The mask broadcasts to
///   it: one number a channel, or one an element.
/// - Kinks: none. NaN stays NaN, under a mask of 0 as well.
public struct FeatureAlphaDropout: DropoutLayer {
  public static let kind = "FeatureAlphaDropout"

  // MARK: Hyper-parameters

  /// The probability that a channel is dropped; 0.5 by default.
  public let probability: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    probability = hyperparameters.dropoutProbability()
  }

  public var effect: DropoutEffect { .restoringMoments(probability) }

  // MARK: Shapes

  public static func allowedRanks(isTraining: Bool) -> (ranks: ClosedRange<Int>, notation: String) {
    isTraining ? (2...Int.max, "(N, C, …)") : (0...Int.max, "any")
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("evaluation, one axis", inputs: [[5]]),
      training("a mask of channels", [:], [2, 3, 4, 5], mask: [2, 3, 1, 1]),
      training("a mask of elements", ["p": 0.2], [2, 3, 4], mask: [2, 3, 4]),
      training("two axes", ["p": 0.7, "inplace": true], [3, 4], mask: [3, 4]),
      LayerExample(
        "one axis", inputs: [[4]], auxiliary: ["mask": [4]], isTraining: true,
        refused: .wrongShape(tensor: "input", expected: "(N, C, …)", found: [4])),
    ] + probabilityExamples([2, 3, 4])
  }
}
