// Source: torch.nn.AlphaDropout (2.13); G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter 2017.
// Chance is not repeated: the mask that was drawn is given.

public import LayerKit
import RealModule
import Tensors

extension DropoutEffect {
  /// What is dropped becomes −α, the negative limit of SELU; a line then restores mean 0 and
  /// variance 1.
  ///
  ///     a = 1/√((α²p + 1)(1 − p)),  α = 1.7580993408473766
  ///     kept: a·x + aαp          dropped: −aα + aαp
  static func restoringMoments(_ probability: Double) -> DropoutEffect {
    let alpha = 1.7580993408473766
    let scale =
      1 / Double.sqrt((alpha * alpha * probability + 1) * (1 - probability))
    let kept = scale * alpha * probability
    return DropoutEffect(
      scale: scale, kept: kept, dropped: kept - scale * alpha, magnitude: scale * alpha)
  }
}

/// The dropout for SELU: dropped elements take its negative limit, and mean and variance stay.
///
///     training:    y = a·(x·mask − α(1 − mask)) + aαp          dx = a·dy·mask
///                  a = 1/√((α²p + 1)(1 − p)),  α = 1.7580993408473766
///                  y = dx = 0 where p = 1
///     evaluation:  y = x                                       dx = dy
///
/// - Shapes: x of any shape → y of the same shape; the mask broadcasts to it.
/// - Kinks: none. NaN stays NaN, under a mask of 0 as well.
public struct AlphaDropout: DropoutLayer {
  public static let kind = "AlphaDropout"

  // MARK: Hyper-parameters

  /// The probability that an element is dropped; 0.5 by default.
  public let probability: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    probability = hyperparameters.dropoutProbability()
  }

  public var effect: DropoutEffect { .restoringMoments(probability) }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("evaluation", inputs: [[2, 3, 4, 5]]),
      training("half", [:], [2, 3, 4, 5], mask: [2, 3, 4, 5]),
      training("a scalar", ["p": 0.2], [], mask: []),
      training("one axis", ["p": 0.9, "inplace": true], [7], mask: [7]),
      training("one mask for the batch", ["p": 0.1], [3, 2, 5], mask: [2, 5]),
      training("everything kept", ["p": 0], [3, 4], mask: [3, 4]),
      training("nothing kept", ["p": 1], [3, 4], mask: [3, 4]),
    ] + probabilityExamples([3, 4])
  }
}
