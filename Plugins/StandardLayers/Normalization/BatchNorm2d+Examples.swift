public import LayerKit
import Tensors

extension BatchNorm2d {
  public static var examples: [LayerExample] { validExamples + refusedExamples }

  private static let affine: [String: Shape] = ["weight": [3], "bias": [3]]
  private static let running: [String: Shape] = [
    "running_mean": [3], "running_var": [3], "num_batches_tracked": .scalar,
  ]

  private static var validExamples: [LayerExample] {
    [
      LayerExample(
        "training", inputs: [[2, 3, 4, 2]], parameters: affine, buffers: running,
        isTraining: true, indexLimit: 5),
      LayerExample(
        "evaluation", ["num_features": 3, "affine": true, "track_running_stats": 1],
        inputs: [[2, 3, 4, 2]], parameters: affine, buffers: running, indexLimit: 5),
      LayerExample(
        "training without running statistics", ["track_running_stats": false],
        inputs: [[3, 3, 2, 2]], parameters: affine, isTraining: true),
      LayerExample(
        "evaluation without running statistics", inputs: [[3, 3, 2, 3]], parameters: affine),
      LayerExample(
        "a weight without a bias", ["bias": false], inputs: [[2, 3, 2, 2]],
        parameters: ["weight": [3]], isTraining: true),
      LayerExample(
        "no weight, no bias, the mean over all batches",
        ["affine": false, "bias": true, "momentum": "none"],
        inputs: [[4, 3, 1, 2]], buffers: running, isTraining: true, indexLimit: 5),
      LayerExample(
        "the biased running variance, another ε",
        ["unbiased_running_variance": false, "eps": 0.125, "momentum": 0.75],
        inputs: [[2, 3, 3, 3]], parameters: affine,
        buffers: ["running_mean": [3], "running_var": [3]], isTraining: true),
      LayerExample(
        "one value for each channel, in evaluation", ["eps": 0], inputs: [[1, 3, 1, 1]],
        parameters: affine, buffers: running, indexLimit: 5),
      LayerExample(
        "no sample", inputs: [[0, 3, 2, 2]], parameters: affine, buffers: running,
        indexLimit: 5),
    ]
  }

  private static var refusedExamples: [LayerExample] {
    let x: Shape = [2, 3, 2, 2]
    func refused(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], input: Shape = x,
      parameters: [String: Shape] = affine, buffers: [String: Shape] = running,
      isTraining: Bool = true, _ problem: LayerProblem
    ) -> LayerExample {
      LayerExample(
        name, hyperparameters, inputs: [input], parameters: parameters, buffers: buffers,
        isTraining: isTraining, indexLimit: 5, refused: problem)
    }
    return [
      refused(
        "two axes", input: [2, 3],
        .wrongShape(tensor: "input", expected: "(N, C, H, W)", found: [2, 3])),
      refused(
        "a weight of other channels", parameters: ["weight": [2], "bias": [3]],
        .wrongShape(tensor: "parameters/weight", expected: "(3,)", found: [2])),
      refused(
        "a running mean of other channels",
        buffers: ["running_mean": [4], "running_var": [3]],
        .wrongShape(tensor: "buffers/running_mean", expected: "(3,)", found: [4])),
      refused(
        "a running mean alone", buffers: ["running_mean": [3]], isTraining: false,
        .missingTensor("buffers/running_var")),
      refused(
        "one value for each channel, in training", input: [1, 3, 1, 1],
        .wrongShape(
          tensor: "input", expected: "more than one value for each channel",
          found: [1, 3, 1, 1])),
      refused(
        "the mean over an unknown number of batches", ["momentum": "none"],
        buffers: ["running_mean": [3], "running_var": [3]],
        .missingTensor("buffers/num_batches_tracked")),
      refused(
        "ε of 0 in training", ["eps": 0],
        .outOfRange(hyperparameter: "eps", allowed: "a number above 0", found: 0.0)),
      refused(
        "a declared flag that is not so", ["affine": false],
        .contradiction(hyperparameter: "affine", declared: false, tensors: true)),
      refused(
        "a declared size that is not so", ["num_features": 4],
        .contradiction(hyperparameter: "num_features", declared: 4, tensors: 3)),
    ]
  }
}
