public import LayerKit
import Tensors

/// Normalisation of each channel over samples and length.
///
/// See `BatchNormalizationLayer`.
/// - Shapes: x [N, C] or [N, C, L], all other tensors [C] → y like x
/// - Kinks: none.
public struct BatchNorm1d: BatchNormalizationLayer {
  public static let kind = "BatchNorm1d"
  public static let spatialAxes = 0...1

  public let settings: ChannelNormalization

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ChannelNormalization(&hyperparameters)
  }

  public static var examples: [LayerExample] {
    let family = ChannelExamples(Self.self)
    return batchExamples + [
      family.example("no length, training", input: [5, 3]),
      family.example("no length, evaluation", input: [2, 3], isTraining: false),
      family.example(
        "one sample without length", input: [1, 3],
        refused: .wrongShape(
          tensor: "input", expected: "more than one value for each channel", found: [1, 3])),
    ]
  }
}
