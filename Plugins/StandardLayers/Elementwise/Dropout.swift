// Source: torch.nn.Dropout (2.13). Chance is not repeated: the mask that was drawn is given.

public import LayerKit
import Tensors

/// The layer that zeroes random elements while training, given the mask that was drawn.
///
///     training:    y = x·mask/(1 − p)          dx = dy·mask/(1 − p)          0 where p = 1
///     evaluation:  y = x                       dx = dy
///
/// - Shapes: x of any shape → y of the same shape; the mask broadcasts to it.
/// - Kinks: none. Linear in x. NaN stays NaN, under a mask of 0 as well.
public struct Dropout: DropoutLayer {
  public static let kind = "Dropout"

  // MARK: Hyper-parameters

  /// The probability that an element is zeroed; 0.5 by default.
  public let probability: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    probability = hyperparameters.dropoutProbability()
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("evaluation", inputs: [[2, 3, 4, 5]]),
      LayerExample("evaluation with a mask", inputs: [[3, 4]], auxiliary: ["mask": [3, 4]]),
      training("half", [:], [2, 3, 4, 5], mask: [2, 3, 4, 5]),
      training("a scalar", ["p": 0.2], [], mask: []),
      training("one axis", ["p": 0.9, "inplace": true], [7], mask: [7]),
      training("whole channels", ["p": 0.3], [2, 3, 4, 5], mask: [2, 3, 1, 1]),
      training("one mask for the batch", ["p": 0.1], [3, 2, 5], mask: [2, 5]),
      training("five axes", ["p": 0.7], [2, 1, 3, 2, 4], mask: [2, 1, 3, 2, 4]),
      training("no batch", ["p": 0.7], [0, 4], mask: [0, 4]),
      training("everything kept", ["p": 0], [3, 4], mask: [3, 4]),
      training("nothing kept", ["p": 1], [3, 4], mask: [3, 4]),
    ] + probabilityExamples([3, 4])
  }
}

extension DropoutLayer {
  /// One configuration in training.
  static func training(
    _ name: String, _ hyperparameters: [String: HyperparameterValue], _ input: Shape,
    mask: Shape?, refused problem: LayerProblem? = nil
  ) -> LayerExample {
    LayerExample(
      "training: \(name)", hyperparameters, inputs: [input],
      auxiliary: mask.map { ["mask": $0] } ?? [:], isTraining: true, refused: problem)
  }

  /// Where a mask is needed and what it may be, for a shape of two axes or more.
  static func probabilityExamples(_ shape: Shape) -> [LayerExample] {
    let last = Shape([shape.extents[shape.rank - 1] + 1])
    return [
      training("everything kept, no mask", ["p": 0], shape, mask: nil),
      training("nothing kept, no mask", ["p": 1], shape, mask: nil),
      training("no mask", [:], shape, mask: nil, refused: .missingTensor("auxiliary/mask")),
      training(
        "a mask of another shape", [:], shape, mask: last,
        refused: .wrongShape(
          tensor: "auxiliary/mask", expected: "one that broadcasts to \(shape)", found: last)),
      training(
        "a mask larger than the input", [:], shape, mask: Shape([2] + shape.extents),
        refused: .wrongShape(
          tensor: "auxiliary/mask", expected: "one that broadcasts to \(shape)",
          found: Shape([2] + shape.extents))),
      LayerExample(
        "no probability", ["p": 1.5], inputs: [shape],
        refused: .outOfRange(hyperparameter: "p", allowed: "0.0 to 1.0", found: 1.5)),
    ]
  }
}
