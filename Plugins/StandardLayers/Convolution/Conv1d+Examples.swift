public import LayerKit
import Tensors

extension Conv1d {
  public static var examples: [LayerExample] { validExamples + refusedExamples }

  private static var validExamples: [LayerExample] {
    [
      LayerExample(
        "plain", ["in_channels": 3, "out_channels": 4, "kernel_size": 2, "bias": true],
        inputs: [[2, 3, 7]], parameters: ["weight": [4, 3, 2], "bias": [4]]),
      LayerExample(
        "no bias, one tap, one cell", ["kernel_size": [1], "bias": false],
        inputs: [[3, 2, 1]], parameters: ["weight": [5, 2, 1]]),
      LayerExample(
        "stride, dilation, a remainder", ["stride": 3, "padding": 2, "dilation": [2]],
        inputs: [[2, 2, 12]], parameters: ["weight": [3, 2, 3], "bias": [3]]),
      LayerExample(
        "a padding of its own at each end", ["stride": 2, "padding": [0, 3]],
        inputs: [[2, 2, 6]], parameters: ["weight": [2, 2, 4], "bias": [2]]),
      LayerExample(
        "groups with two filters each", ["groups": 2, "padding": 1],
        inputs: [[2, 4, 5]], parameters: ["weight": [4, 2, 3], "bias": [4]]),
      LayerExample(
        "depthwise, more padding than kernel", ["groups": 3, "padding": 4],
        inputs: [[1, 3, 4]], parameters: ["weight": [6, 1, 2]]),
      LayerExample(
        "same, with an even kernel", ["padding": "same", "dilation": 3],
        inputs: [[1, 2, 5]], parameters: ["weight": [2, 2, 2], "bias": [2]]),
      LayerExample(
        "valid", ["padding": "valid", "stride": 2],
        inputs: [[1, 1, 6]], parameters: ["weight": [2, 1, 3]]),
      LayerExample(
        "mirrored", ["padding": [3, 1], "padding_mode": "reflect", "stride": 2],
        inputs: [[2, 2, 4]], parameters: ["weight": [3, 2, 3], "bias": [3]]),
      LayerExample(
        "replicated", ["padding": 5, "padding_mode": "replicate", "groups": 2],
        inputs: [[2, 2, 3]], parameters: ["weight": [2, 1, 4], "bias": [2]]),
      LayerExample(
        "circular, same", ["padding": "same", "padding_mode": "circular"],
        inputs: [[2, 2, 4]], parameters: ["weight": [2, 2, 4], "bias": [2]]),
      LayerExample(
        "no sample", inputs: [[0, 2, 4]], parameters: ["weight": [3, 2, 2], "bias": [3]]),
    ]
  }

  private static var refusedExamples: [LayerExample] {
    let x: Shape = [1, 4, 5]
    let w: Shape = [2, 4, 3]
    func refused(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], input: Shape = x,
      weight: Shape = w, _ problem: LayerProblem
    ) -> LayerExample {
      LayerExample(
        name, hyperparameters, inputs: [input], parameters: ["weight": weight], refused: problem)
    }
    return [
      refused(
        "an image of two axes", input: [1, 4, 5, 5],
        .wrongShape(tensor: "input", expected: "(N, C, L)", found: [1, 4, 5, 5])),
      refused(
        "weights of other channels", ["groups": 2], weight: [2, 4, 3],
        .wrongShape(
          tensor: "parameters/weight", expected: "(a multiple of 2, 2, kL)", found: [2, 4, 3])),
      refused(
        "three numbers of padding", ["padding": [1, 2, 3]],
        .wrongType(
          hyperparameter: "padding", expected: "1 or 2 whole numbers", found: [1, 2, 3])),
      refused(
        "a mirror beyond the signal", ["padding": [0, 5], "padding_mode": "reflect"],
        .outOfRange(
          hyperparameter: "padding",
          allowed: "at most 4 along length with the padding mode \"reflect\"", found: [0, 5])),
      refused(
        "more than once around", ["padding": 6, "padding_mode": "circular"],
        .outOfRange(
          hyperparameter: "padding",
          allowed: "at most 5 along length with the padding mode \"circular\"", found: [6, 6])),
      refused(
        "no window fits", ["dilation": 4, "padding": [1, 2]],
        .emptyOutput(axis: "length", extent: 5, padding: 3, effectiveKernel: 9)),
      refused(
        "an output padding", ["output_padding": 1],
        .unknownHyperparameter("output_padding", closest: nil)),
    ]
  }
}
