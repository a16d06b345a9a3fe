public import LayerKit
import Tensors

extension LPPoolLayer {
  // MARK: Examples

  public static var examples: [LayerExample] { validExamples + refusedExamples }

  private static var validExamples: [LayerExample] {
    let even = image(2, 1, 2, 4, 6)
    return [
      LayerExample(
        "squares", ["norm_type": 2, "kernel_size": 2], inputs: [image(2, 2, 2, 4, 6)]),
      LayerExample(
        "sums, overlapping, rectangular, with remainders",
        ["norm_type": 1, "kernel_size": numbers(2, 3, 2), "stride": numbers(1, 2, 1)],
        inputs: [image(2, 3, 3, 6, 4)]),
      LayerExample(
        "fourth powers, a window that hangs over",
        [
          "norm_type": 4, "kernel_size": 3, "stride": numbers(2, 2, 3), "ceil_mode": true,
        ], inputs: [image(1, 2, 4, 6, 7)]),
      LayerExample(
        "signs that cancel", ["norm_type": 3, "kernel_size": 2, "stride": 1], inputs: [even],
        inputValues: [0: values(even, alternating: true)]),
      LayerExample(
        "a negative exponent", ["norm_type": -2, "kernel_size": numbers(1, 2, 3)],
        inputs: [image(1, 1, 2, 4, 6)]),
      LayerExample(
        "a fraction", ["norm_type": 1.7, "kernel_size": 2, "stride": "none"], inputs: [even],
        inputValues: [0: values(even)]),
      LayerExample(
        "a negative fraction", ["norm_type": -0.5, "kernel_size": 2, "stride": 1],
        inputs: [even], inputValues: [0: values(even)]),
      LayerExample(
        "the largest magnitude",
        ["norm_type": .real(.infinity), "kernel_size": 3, "stride": numbers(1, 2, 1)],
        inputs: [image(2, 1, 3, 5, 6)]),
      LayerExample(
        "the smallest magnitude",
        [
          "norm_type": .real(-.infinity), "kernel_size": 2, "stride": 1, "ceil_mode": true,
        ], inputs: [image(1, 2, 2, 3, 4)]),
      LayerExample(
        "a window larger than the image",
        ["norm_type": 2, "kernel_size": 3, "stride": 2, "ceil_mode": true],
        inputs: [image(1, 1, 3, 4, 2)]),
      LayerExample(
        "no sample", ["norm_type": 2, "kernel_size": 2], inputs: [image(0, 2, 4, 4, 4)]),
    ]
  }

  /// Numbers above zero; `alternating`, every second one is negative, and less than the others.
  private static func values(_ shape: Shape, alternating: Bool = false) -> [Double] {
    (0..<shape.count).map { i in
      let x = 1 + Double(i * 7 % 13) / 16
      return alternating && i % 2 == 1 ? -x / 2 : x
    }
  }

  private static var refusedExamples: [LayerExample] {
    let x = image(1, 1, 4, 4, 4)
    return [
      LayerExample(
        "no exponent", ["kernel_size": 2], inputs: [x],
        refused: .missingHyperparameter("norm_type")),
      LayerExample(
        "exponent 0", ["norm_type": 0, "kernel_size": 2], inputs: [x],
        refused: .outOfRange(
          hyperparameter: "norm_type", allowed: "any number but 0", found: 0)),
      LayerExample(
        "a padding", ["norm_type": 2, "kernel_size": 2, "padding": 1], inputs: [x],
        refused: .unknownHyperparameter("padding", closest: nil)),
    ] + refusedWindows(["norm_type": 2])
  }
}
