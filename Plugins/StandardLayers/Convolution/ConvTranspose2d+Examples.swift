public import LayerKit
import Tensors

extension ConvTranspose2d {
  public static var examples: [LayerExample] { validExamples + refusedExamples }

  private static var validExamples: [LayerExample] {
    [
      LayerExample(
        "plain", ["kernel_size": [3, 2]], inputs: [[2, 3, 3, 4]],
        parameters: ["weight": [3, 2, 3, 2], "bias": [2]]),
      LayerExample(
        "one tap, no bias", ["bias": false, "in_channels": 2, "out_channels": 5],
        inputs: [[3, 2, 2, 3]], parameters: ["weight": [2, 5, 1, 1]]),
      LayerExample(
        "everything of its own on both axes",
        ["stride": [2, 3], "padding": [1, 2], "dilation": [2, 1], "output_padding": [1, 2]],
        inputs: [[2, 2, 4, 3]], parameters: ["weight": [2, 3, 2, 4], "bias": [3]]),
      LayerExample(
        "cropped by other numbers at each end", ["stride": 2, "padding": [0, 3, 2, 1]],
        inputs: [[2, 2, 5, 4]], parameters: ["weight": [2, 2, 3, 3], "bias": [2]]),
      LayerExample(
        "an output padding longer than the stride",
        ["stride": [1, 2], "dilation": [3, 4], "output_padding": [2, 3]], inputs: [[2, 2, 3, 2]],
        parameters: ["weight": [2, 2, 2, 2], "bias": [2]]),
      LayerExample(
        "windows apart, with cells between that nothing reaches", ["stride": [3, 4]],
        inputs: [[1, 2, 2, 3]], parameters: ["weight": [2, 2, 2, 1], "bias": [2]]),
      LayerExample(
        "cropped by more than the kernel", ["padding": [2, 3], "stride": 2],
        inputs: [[1, 1, 4, 5]], parameters: ["weight": [1, 2, 1, 2], "bias": [2]]),
      LayerExample(
        "groups with two filters each",
        ["groups": 2, "padding": 1, "stride": 2, "output_padding": 1], inputs: [[2, 4, 3, 2]],
        parameters: ["weight": [4, 2, 3, 3], "bias": [4]]),
      LayerExample(
        "depthwise, dilated", ["groups": 3, "dilation": [1, 2], "stride": [3, 2]],
        inputs: [[2, 3, 3, 2]], parameters: ["weight": [3, 2, 2, 3], "bias": [6]]),
      LayerExample(
        "same, with an even kernel", ["padding": "same"], inputs: [[1, 2, 4, 5]],
        parameters: ["weight": [2, 2, 2, 4], "bias": [2]]),
      LayerExample(
        "one cell becomes the kernel", inputs: [[3, 4, 1, 1]],
        parameters: ["weight": [4, 2, 3, 2], "bias": [2]]),
      LayerExample(
        "no sample", ["stride": 2], inputs: [[0, 2, 4, 4]],
        parameters: ["weight": [2, 3, 2, 2], "bias": [3]]),
    ]
  }

  private static var refusedExamples: [LayerExample] {
    let x: Shape = [1, 4, 5, 5]
    let w: Shape = [4, 2, 3, 3]
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
        "weights of other channels", weight: [3, 2, 3, 3],
        .wrongShape(tensor: "parameters/weight", expected: "(4, O, kH, kW)", found: [3, 2, 3, 3])),
      refused(
        "weights of one axis, in groups", ["groups": 2], weight: [4, 2, 3],
        .wrongShape(tensor: "parameters/weight", expected: "(4, O/2, kH, kW)", found: [4, 2, 3])),
      refused(
        "groups that do not divide the channels", ["groups": 3],
        .outOfRange(
          hyperparameter: "groups", allowed: "a divisor of the 4 input channels", found: 3)),
      refused(
        "a bias of another length", ["groups": 2], bias: [2],
        .wrongShape(tensor: "parameters/bias", expected: "(4,)", found: [2])),
      refused(
        "a declared size that is not so", ["out_channels": 4],
        .contradiction(hyperparameter: "out_channels", declared: 4, tensors: 2)),
      refused(
        "a declared kernel that is not so", ["kernel_size": [3, 2]],
        .contradiction(hyperparameter: "kernel_size", declared: [3, 2], tensors: [3, 3])),
      refused(
        "an output padding too long on one axis",
        ["stride": [2, 1], "dilation": [1, 3], "output_padding": [2, 2]],
        .outOfRange(
          hyperparameter: "output_padding",
          allowed: "less than the stride or the dilation, 2 along height", found: [2, 2])),
      refused(
        "nothing left", ["padding": [0, 4], "stride": [2, 1]],
        .outOfRange(
          hyperparameter: "padding", allowed: "less than 7 in all along width", found: [0, 4, 0, 4])
      ),
      refused(
        "a mirror", ["padding_mode": "reflect"],
        .outOfRange(hyperparameter: "padding_mode", allowed: "one of \"zeros\"", found: "reflect")),
      refused(
        "same with a stride", ["padding": "same", "stride": 2],
        .outOfRange(
          hyperparameter: "stride", allowed: "1 together with the padding \"same\"", found: [2, 2])),
      refused(
        "more output than can be counted", ["stride": 1_000_000],
        .other(
          "asks for an output before cropping of the extents [1, 2, 4000003, 4000003], more than 2^34 elements"
        )),
    ]
  }
}
