public import LayerKit
import Tensors

/// Configurations of a kind that normalises channels, for its number of spatial axes.
struct ChannelExamples {
  /// The number of spatial axes.
  let axes: Int

  /// Weight and bias of three channels.
  static let affine: [String: Shape] = ["weight": [3], "bias": [3]]
  /// The buffers of three channels.
  static let running: [String: Shape] = [
    "running_mean": [3], "running_var": [3], "num_batches_tracked": .scalar,
  ]

  /// The examples of a kind.
  init(_ kind: (some ChannelNormalizationLayer).Type) { axes = kind.spatialAxes.upperBound }

  /// A batch of images of three channels with `height`·`width` places.
  func images(_ batch: Int, _ height: Int, _ width: Int) -> Shape {
    switch axes {
    case 1: [batch, 3, height * width]
    case 2: [batch, 3, height, width]
    default: [batch, 3, height, 1, width]
    }
  }

  /// One configuration.
  func example(
    _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], input: Shape,
    parameters: [String: Shape] = affine, buffers: [String: Shape] = running,
    isTraining: Bool = true, refused problem: LayerProblem? = nil
  ) -> LayerExample {
    LayerExample(
      name, hyperparameters, inputs: [input], parameters: parameters, buffers: buffers,
      isTraining: isTraining, indexLimit: 5, refused: problem)
  }

  // MARK: Valid ones

  /// What both families accept.
  var valid: [LayerExample] {
    [
      example("training", input: images(2, 4, 2)),
      example(
        "evaluation", ["num_features": 3, "affine": true, "track_running_stats": 1],
        input: images(2, 4, 2), isTraining: false),
      example(
        "training without running statistics", ["track_running_stats": false],
        input: images(3, 2, 2), buffers: [:]),
      example(
        "evaluation without running statistics", input: images(3, 2, 3), buffers: [:],
        isTraining: false),
      example(
        "a weight without a bias", ["bias": false], input: images(2, 2, 2),
        parameters: ["weight": [3]], buffers: [:]),
      example(
        "no weight, no bias, PyTorch's None as momentum",
        ["affine": false, "bias": true, "momentum": "none"], input: images(4, 1, 4),
        parameters: [:]),
      example(
        "the biased running variance, another ε",
        ["unbiased_running_variance": false, "eps": 0.125, "momentum": 0.75],
        input: images(2, 3, 3), buffers: ["running_mean": [3], "running_var": [3]]),
      example(
        "one value for each channel, in evaluation", ["eps": 0], input: images(1, 1, 1),
        isTraining: false),
      example("no sample", input: images(0, 2, 2), isTraining: false),
      example("no sample, in training", input: images(0, 2, 2)),
      example("no space", input: images(2, 0, 2)),
    ]
  }

  // MARK: Refused ones

  /// What both families refuse, with the notation of their input.
  func refused(_ notation: String) -> [LayerExample] {
    let x = images(2, 2, 2)
    return [
      example(
        "one axis", input: [3],
        refused: .wrongShape(tensor: "input", expected: notation, found: [3])),
      example(
        "too many axes", input: Shape(x.extents + [1]),
        refused: .wrongShape(tensor: "input", expected: notation, found: Shape(x.extents + [1]))),
      example(
        "a weight of other channels", input: x, parameters: ["weight": [2], "bias": [3]],
        refused: .wrongShape(tensor: "parameters/weight", expected: "(3,)", found: [2])),
      example(
        "a running mean of other channels", input: x,
        buffers: ["running_mean": [4], "running_var": [3]],
        refused: .wrongShape(tensor: "buffers/running_mean", expected: "(3,)", found: [4])),
      example(
        "a running mean alone", input: x, buffers: ["running_mean": [3]], isTraining: false,
        refused: .missingTensor("buffers/running_var")),
      example(
        "a declared flag that is not so", ["affine": false], input: x,
        refused: .contradiction(hyperparameter: "affine", declared: false, tensors: true)),
      example(
        "a declared size that is not so", ["num_features": 4], input: x,
        refused: .contradiction(hyperparameter: "num_features", declared: 4, tensors: 3)),
    ]
  }
}

extension BatchNormalizationLayer {
  public static var examples: [LayerExample] { batchExamples }

  /// What every kind of the family accepts and refuses.
  static var batchExamples: [LayerExample] {
    let family = ChannelExamples(Self.self)
    let single = family.images(1, 1, 1)
    let x = family.images(2, 2, 2)
    return family.valid + family.refused(inputNotation) + [
      family.example(
        "one value for each channel, in training", input: single,
        refused: .wrongShape(
          tensor: "input", expected: "more than one value for each channel", found: single)),
      family.example(
        "the mean over an unknown number of batches", ["momentum": "none"], input: x,
        buffers: ["running_mean": [3], "running_var": [3]],
        refused: .missingTensor("buffers/num_batches_tracked")),
      family.example(
        "ε of 0 in training", ["eps": 0], input: x,
        refused: .outOfRange(
          hyperparameter: "eps", allowed: "a number above 0", found: 0.0)),
    ]
  }
}

extension InstanceNormalizationLayer {
  public static var examples: [LayerExample] {
    let family = ChannelExamples(Self.self)
    let single = family.images(2, 1, 1)
    let problem = LayerProblem.wrongShape(
      tensor: "input", expected: "more than one value for each channel of a sample",
      found: single)
    return family.valid + family.refused(inputNotation) + [
      family.example("ε of 0", ["eps": 0], input: family.images(2, 2, 3), parameters: [:]),
      family.example("one value in training", input: single, refused: problem),
      family.example(
        "one value in evaluation without running statistics", input: single, buffers: [:],
        isTraining: false, refused: problem),
    ]
  }
}
