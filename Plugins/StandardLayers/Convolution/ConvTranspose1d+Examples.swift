public import LayerKit
import Tensors

extension ConvTranspose1d {
  public static var examples: [LayerExample] { validExamples + refusedExamples }

  private static var validExamples: [LayerExample] {
    [
      LayerExample(
        "plain", ["in_channels": 3, "out_channels": 4, "kernel_size": 2, "bias": true],
        inputs: [[2, 3, 4]], parameters: ["weight": [3, 4, 2], "bias": [4]]),
      LayerExample(
        "one tap, one cell, no bias", ["bias": false], inputs: [[3, 2, 1]],
        parameters: ["weight": [2, 5, 1]]),
      LayerExample(
        "windows apart, with cells between that nothing reaches", ["stride": 4],
        inputs: [[2, 2, 3]], parameters: ["weight": [2, 3, 2], "bias": [3]]),
      LayerExample(
        "overlapping windows, cropped unevenly", ["stride": 2, "padding": [1, 2], "dilation": 3],
        inputs: [[2, 2, 5]], parameters: ["weight": [2, 3, 3], "bias": [3]]),
      LayerExample(
        "cells after the last window", ["stride": 3, "output_padding": 2], inputs: [[1, 2, 3]],
        parameters: ["weight": [2, 2, 2], "bias": [2]]),
      LayerExample(
        "as many cells after the last window as two strides",
        ["dilation": 5, "stride": 2, "output_padding": 4, "padding": 1], inputs: [[2, 2, 3]],
        parameters: ["weight": [2, 1, 2], "bias": [1]]),
      LayerExample(
        "cropped by more than the kernel", ["padding": 4, "stride": 2], inputs: [[1, 2, 8]],
        parameters: ["weight": [2, 2, 2], "bias": [2]]),
      LayerExample(
        "cropped to the cells after the last window",
        ["padding": 2, "dilation": 5, "output_padding": 4], inputs: [[1, 2, 1]],
        parameters: ["weight": [2, 2, 1], "bias": [2]]),
      LayerExample(
        "groups with two filters each", ["groups": 2, "padding": 1, "stride": 2],
        inputs: [[2, 4, 3]], parameters: ["weight": [4, 2, 3], "bias": [4]]),
      LayerExample(
        "depthwise", ["groups": 3, "padding": [0, 1]], inputs: [[1, 3, 4]],
        parameters: ["weight": [3, 1, 3]]),
      LayerExample(
        "same, with an even kernel", ["padding": "same", "dilation": 3], inputs: [[1, 2, 5]],
        parameters: ["weight": [2, 2, 2], "bias": [2]]),
      LayerExample(
        "valid", ["padding": "valid", "stride": 2, "padding_mode": "zeros"], inputs: [[1, 1, 3]],
        parameters: ["weight": [1, 2, 3]]),
      LayerExample(
        "no sample", inputs: [[0, 2, 4]], parameters: ["weight": [2, 3, 2], "bias": [3]]),
    ]
  }

  private static var refusedExamples: [LayerExample] {
    let x: Shape = [1, 4, 5]
    let w: Shape = [4, 2, 2]
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
        "an image of two axes", input: [1, 4, 5, 5],
        .wrongShape(tensor: "input", expected: "(N, C, L)", found: [1, 4, 5, 5])),
      refused(
        "weights O I instead of I O", weight: [3, 4, 2],
        .wrongShape(tensor: "parameters/weight", expected: "(4, O, kL)", found: [3, 4, 2])),
      refused(
        "as much output padding as stride", ["stride": 2, "output_padding": 2],
        .outOfRange(
          hyperparameter: "output_padding",
          allowed: "less than the stride or the dilation, 2 along length", found: [2])),
      refused(
        "nothing left", ["padding": [2, 4]],
        .outOfRange(
          hyperparameter: "padding", allowed: "less than 6 in all along length", found: [2, 4])),
      refused(
        "three numbers of padding", ["padding": [1, 2, 3]],
        .wrongType(hyperparameter: "padding", expected: "1 or 2 whole numbers", found: [1, 2, 3])),
    ]
  }
}
