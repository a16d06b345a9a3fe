public import LayerKit
import Tensors

extension ConvTranspose3d {
  public static var examples: [LayerExample] { validExamples + refusedExamples }

  private static var validExamples: [LayerExample] {
    [
      LayerExample(
        "plain", ["kernel_size": [2, 1, 3]], inputs: [[2, 2, 2, 3, 2]],
        parameters: ["weight": [2, 2, 2, 1, 3], "bias": [2]]),
      LayerExample(
        "one tap, no bias", ["bias": false, "kernel_size": 1], inputs: [[1, 3, 2, 2, 3]],
        parameters: ["weight": [3, 2, 1, 1, 1]]),
      LayerExample(
        "everything of its own on each axis",
        [
          "stride": [3, 1, 2], "padding": [1, 0, 2], "dilation": [2, 1, 3],
          "output_padding": [2, 0, 1],
        ], inputs: [[1, 2, 2, 3, 3]], parameters: ["weight": [2, 2, 2, 2, 2], "bias": [2]]),
      LayerExample(
        "cropped by other numbers at each end",
        ["stride": [2, 1, 2], "padding": [0, 2, 1, 1, 0, 2]], inputs: [[1, 2, 2, 3, 3]],
        parameters: ["weight": [2, 2, 3, 2, 2], "bias": [2]]),
      LayerExample(
        "an output padding longer than the stride",
        ["dilation": [3, 2, 1], "output_padding": [2, 1, 0]], inputs: [[1, 2, 2, 2, 1]],
        parameters: ["weight": [2, 1, 2, 2, 2], "bias": [1]]),
      LayerExample(
        "planes that nothing reaches", ["stride": [4, 1, 2]], inputs: [[1, 1, 2, 2, 2]],
        parameters: ["weight": [1, 2, 2, 2, 1], "bias": [2]]),
      LayerExample(
        "groups with two filters each", ["groups": 2, "padding": 1, "stride": 2],
        inputs: [[1, 4, 2, 2, 3]], parameters: ["weight": [4, 2, 2, 3, 2], "bias": [4]]),
      LayerExample(
        "depthwise", ["groups": 3, "stride": [1, 2, 1]], inputs: [[2, 3, 2, 2, 1]],
        parameters: ["weight": [3, 1, 2, 2, 2]]),
      LayerExample(
        "same, with an even kernel", ["padding": "same", "dilation": [1, 2, 1]],
        inputs: [[1, 1, 3, 3, 2]], parameters: ["weight": [1, 2, 2, 2, 3], "bias": [2]]),
      LayerExample(
        "no sample", inputs: [[0, 2, 3, 3, 3]],
        parameters: ["weight": [2, 3, 2, 2, 2], "bias": [3]]),
    ]
  }

  private static var refusedExamples: [LayerExample] {
    let x: Shape = [1, 2, 3, 4, 5]
    let w: Shape = [2, 2, 3, 3, 3]
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
        "an image of two axes", input: [2, 3, 4, 5],
        .wrongShape(tensor: "input", expected: "(N, C, D, H, W)", found: [2, 3, 4, 5])),
      refused(
        "filters of two axes", weight: [2, 2, 3, 3],
        .wrongShape(
          tensor: "parameters/weight", expected: "(2, O, kD, kH, kW)", found: [2, 2, 3, 3])),
      refused(
        "an output padding too long on one axis",
        ["stride": [2, 1, 1], "output_padding": [1, 0, 1]],
        .outOfRange(
          hyperparameter: "output_padding",
          allowed: "less than the stride or the dilation, 1 along width", found: [1, 0, 1])),
      refused(
        "nothing left", ["padding": [2, 0, 0, 3, 0, 0]],
        .outOfRange(
          hyperparameter: "padding", allowed: "less than 5 in all along depth",
          found: [2, 0, 0, 3, 0, 0])),
    ]
  }
}
