public import LayerKit
import Tensors

extension Conv2d {
  public static var examples: [LayerExample] { validExamples + refusedExamples }

  private static var validExamples: [LayerExample] {
    [
      LayerExample(
        "plain", inputs: [[2, 3, 5, 6]], parameters: ["weight": [4, 3, 3, 2], "bias": [4]]),
      LayerExample(
        "no bias, one tap", ["kernel_size": [1, 1], "bias": false, "in_channels": 2],
        inputs: [[3, 2, 2, 3]], parameters: ["weight": [5, 2, 1, 1]]),
      LayerExample(
        "rectangular everything, with remainders",
        ["stride": [2, 3], "padding": [1, 2], "dilation": [2, 1]],
        inputs: [[2, 2, 8, 9]], parameters: ["weight": [3, 2, 2, 4], "bias": [3]]),
      LayerExample(
        "a padding of its own at each end", ["stride": 2, "padding": [0, 3, 2, 1]],
        inputs: [[2, 2, 5, 4]], parameters: ["weight": [2, 2, 3, 3], "bias": [2]]),
      LayerExample(
        "groups with two filters each", ["groups": 2, "padding": 1],
        inputs: [[2, 4, 4, 5]], parameters: ["weight": [4, 2, 3, 3], "bias": [4]]),
      LayerExample(
        "depthwise, dilated", ["groups": 3, "dilation": [1, 2], "stride": [3, 2]],
        inputs: [[2, 3, 7, 8]], parameters: ["weight": [6, 1, 2, 3], "bias": [6]]),
      LayerExample(
        "same, with an even kernel", ["padding": "same", "dilation": [1, 3]],
        inputs: [[1, 2, 4, 5]], parameters: ["weight": [2, 2, 2, 2], "bias": [2]]),
      LayerExample(
        "more padding than kernel", ["padding": [4, 3], "stride": [2, 1]],
        inputs: [[1, 1, 3, 3]], parameters: ["weight": [2, 1, 2, 3]]),
      LayerExample(
        "mirrored", ["padding": [2, 1, 1, 2], "padding_mode": "reflect", "stride": [1, 2]],
        inputs: [[2, 2, 4, 3]], parameters: ["weight": [3, 2, 3, 2], "bias": [3]]),
      LayerExample(
        "replicated", ["padding": 3, "padding_mode": "replicate", "stride": 2],
        inputs: [[2, 2, 2, 4]], parameters: ["weight": [2, 2, 3, 3], "bias": [2]]),
      LayerExample(
        "circular, grouped", ["padding": [2, 3], "padding_mode": "circular", "groups": 2],
        inputs: [[2, 2, 3, 3]], parameters: ["weight": [2, 1, 3, 4], "bias": [2]]),
      LayerExample(
        "no sample", inputs: [[0, 2, 4, 4]], parameters: ["weight": [3, 2, 2, 2], "bias": [3]]),
    ]
  }

  private static var refusedExamples: [LayerExample] {
    let x: Shape = [1, 4, 5, 5]
    let w: Shape = [2, 4, 3, 3]
    func refused(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], input: Shape = x,
      weight: Shape = w, bias: Shape? = nil, _ problem: LayerProblem
    ) -> LayerExample {
      var parameters = ["weight": weight]
      parameters["bias"] = bias
      return LayerExample(
        name, hyperparameters, inputs: [input], parameters: parameters, refused: problem)
    }
    return [
      refused(
        "no batch axis", input: [4, 5, 5],
        .wrongShape(tensor: "input", expected: "(N, C, H, W)", found: [4, 5, 5])),
      refused(
        "weights of other channels", weight: [2, 3, 3, 3],
        .wrongShape(
          tensor: "parameters/weight", expected: "(O, 4, kH, kW)", found: [2, 3, 3, 3])),
      refused(
        "filters that the groups do not divide", ["groups": 2], weight: [3, 2, 3, 3],
        .wrongShape(
          tensor: "parameters/weight", expected: "(a multiple of 2, 2, kH, kW)",
          found: [3, 2, 3, 3])),
      refused(
        "groups that do not divide the channels", ["groups": 3],
        .outOfRange(
          hyperparameter: "groups", allowed: "a divisor of the 4 input channels", found: 3)),
      refused(
        "a bias of another length", bias: [3],
        .wrongShape(tensor: "parameters/bias", expected: "(2,)", found: [3])),
      refused(
        "no window fits", ["dilation": [1, 3]],
        .emptyOutput(axis: "width", extent: 5, padding: 0, effectiveKernel: 7)),
      refused(
        "a declared size that is not so", ["kernel_size": 5],
        .contradiction(hyperparameter: "kernel_size", declared: 5, tensors: [3, 3])),
      refused(
        "a declared bias that is not there", ["bias": true],
        .contradiction(hyperparameter: "bias", declared: true, tensors: false)),
      refused(
        "stride 0", ["stride": 0],
        .outOfRange(hyperparameter: "stride", allowed: "1 to 1048576", found: 0)),
      refused(
        "same with a stride", ["padding": "same", "stride": [1, 2]],
        .outOfRange(
          hyperparameter: "stride", allowed: "1 together with the padding \"same\"",
          found: [1, 2])),
      refused(
        "three numbers of padding", ["padding": [1, 2, 3]],
        .wrongType(
          hyperparameter: "padding", expected: "1, 2 or 4 whole numbers", found: [1, 2, 3])),
      refused(
        "a mirror beyond the image", ["padding": [0, 5], "padding_mode": "reflect"],
        .outOfRange(
          hyperparameter: "padding",
          allowed: "at most 4 along width with the padding mode \"reflect\"",
          found: [0, 5, 0, 5])),
      refused(
        "a misspelt name", ["strides": 2],
        .unknownHyperparameter("strides", closest: "stride")),
    ]
  }
}
