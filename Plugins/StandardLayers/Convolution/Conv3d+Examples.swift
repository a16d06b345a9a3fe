public import LayerKit
import Tensors

extension Conv3d {
  public static var examples: [LayerExample] { validExamples + refusedExamples }

  private static var validExamples: [LayerExample] {
    [
      LayerExample(
        "plain", ["kernel_size": [2, 3, 1]],
        inputs: [[2, 2, 3, 4, 2]], parameters: ["weight": [3, 2, 2, 3, 1], "bias": [3]]),
      LayerExample(
        "no bias, one tap", ["kernel_size": 1, "bias": false, "in_channels": 3],
        inputs: [[2, 3, 2, 2, 3]], parameters: ["weight": [2, 3, 1, 1, 1]]),
      LayerExample(
        "everything of its own on each axis, with remainders",
        ["stride": [3, 1, 2], "padding": [1, 0, 2], "dilation": [2, 1, 3]],
        inputs: [[1, 2, 5, 3, 6]], parameters: ["weight": [2, 2, 2, 2, 3], "bias": [2]]),
      LayerExample(
        "a padding of its own at each end", ["stride": 2, "padding": [0, 2, 1, 3, 1, 0]],
        inputs: [[1, 2, 3, 3, 4]], parameters: ["weight": [2, 2, 3, 2, 2], "bias": [2]]),
      LayerExample(
        "groups with two filters each", ["groups": 2, "padding": 1],
        inputs: [[2, 4, 2, 3, 2]], parameters: ["weight": [4, 2, 2, 2, 3], "bias": [4]]),
      LayerExample(
        "depthwise, more padding than kernel", ["groups": 2, "padding": [3, 0, 2]],
        inputs: [[1, 2, 2, 2, 3]], parameters: ["weight": [4, 1, 2, 2, 1]]),
      LayerExample(
        "same, with an even kernel", ["padding": "same", "dilation": [1, 2, 1]],
        inputs: [[1, 1, 3, 3, 4]], parameters: ["weight": [2, 1, 2, 2, 3], "bias": [2]]),
      LayerExample(
        "mirrored", ["padding": [1, 0, 2, 2, 1, 1], "padding_mode": "reflect"],
        inputs: [[1, 2, 3, 2, 4]], parameters: ["weight": [2, 2, 2, 2, 3], "bias": [2]]),
      LayerExample(
        "replicated", ["padding": [0, 3, 1], "padding_mode": "replicate", "stride": [1, 2, 1]],
        inputs: [[2, 1, 2, 2, 2]], parameters: ["weight": [2, 1, 1, 3, 2], "bias": [2]]),
      LayerExample(
        "circular, grouped", ["padding": [2, 1, 0], "padding_mode": "circular", "groups": 2],
        inputs: [[1, 2, 2, 3, 2]], parameters: ["weight": [2, 1, 3, 2, 2], "bias": [2]]),
      LayerExample(
        "no sample", inputs: [[0, 2, 3, 3, 3]],
        parameters: ["weight": [3, 2, 2, 2, 2], "bias": [3]]),
    ]
  }

  private static var refusedExamples: [LayerExample] {
    let x: Shape = [1, 2, 3, 4, 5]
    let w: Shape = [2, 2, 3, 3, 3]
    func refused(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], input: Shape = x,
      weight: Shape = w, _ problem: LayerProblem
    ) -> LayerExample {
      LayerExample(
        name, hyperparameters, inputs: [input], parameters: ["weight": weight], refused: problem)
    }
    return [
      refused(
        "an image of two axes", input: [2, 3, 4, 5],
        .wrongShape(tensor: "input", expected: "(N, C, D, H, W)", found: [2, 3, 4, 5])),
      refused(
        "filters of two axes", weight: [2, 2, 3, 3],
        .wrongShape(
          tensor: "parameters/weight", expected: "(O, 2, kD, kH, kW)", found: [2, 2, 3, 3])),
      refused(
        "two numbers of padding", ["padding": [1, 2]],
        .wrongType(
          hyperparameter: "padding", expected: "1, 3 or 6 whole numbers", found: [1, 2])),
      refused(
        "no window fits", ["dilation": [2, 1, 1], "padding": [0, 1, 1]],
        .emptyOutput(axis: "depth", extent: 3, padding: 0, effectiveKernel: 5)),
      refused(
        "a mirror beyond the volume", ["padding": [3, 0, 0], "padding_mode": "reflect"],
        .outOfRange(
          hyperparameter: "padding",
          allowed: "at most 2 along depth with the padding mode \"reflect\"",
          found: [3, 0, 0, 3, 0, 0])),
      refused(
        "more padding than can be counted", ["padding": 1_000_000],
        .other(
          "asks for a padded image of the extents [1, 2, 2000003, 2000004, 2000005],"
            + " more than 2^34 elements")),
    ]
  }
}
