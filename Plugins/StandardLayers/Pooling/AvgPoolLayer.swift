// Source: torch.nn.AvgPool1d, AvgPool2d, AvgPool3d (2.13). `padding` may also have the begin of
// each axis and then the end of each.

import Kernels
public import LayerKit

/// The mean of each window, where the windows slide.
///
///     y[n,c,i,…] = 1/k · Σ_{p,…} x[n, c, i·s + p − begin, …]
///
/// k is the number of cells of the window: those inside the padded image with `count_include_pad`,
/// those inside the image without; or `divisor_override`, which one axis does not have.
public protocol AvgPoolLayer: SlidingPoolLayer, MeanPoolLayer {}

extension AvgPoolLayer {
  /// Reads the window of the kind.
  static func readWindow(_ hyperparameters: inout HyperparameterReader) -> PoolWindow {
    PoolWindow(&hyperparameters, axes: axes, options: [.padding])
  }

  /// Reads whether cells of the padding count, by default yes, or what is divided by instead: any
  /// whole number but 0.
  static func readDivisor(_ hyperparameters: inout HyperparameterReader) -> PoolDivisor {
    let counts = hyperparameters.boolean("count_include_pad", default: true)
    let limit = 1 << 53
    if axes > 1,
      let divisor = hyperparameters.optionalInteger(
        "divisor_override", in: -limit...limit)
    {
      if divisor == 0 {
        hyperparameters.report(
          .outOfRange(
            hyperparameter: "divisor_override", allowed: "any whole number but 0", found: 0))
      }
      return .fixed(divisor)
    }
    return counts ? .padded : .valid
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    windowExamples + (axes > 1 ? divisorExamples : [divisorOfOneAxis]) + [
      LayerExample(
        "a dilation", ["kernel_size": 2, "dilation": 2], inputs: [image(1, 1, 4, 4, 4)],
        refused: .unknownHyperparameter("dilation", closest: nil))
    ] + refusedWindows() + refusedPaddings
  }

  private static var windowExamples: [LayerExample] {
    [
      LayerExample("windows side by side", ["kernel_size": 2], inputs: [image(2, 2, 2, 4, 6)]),
      LayerExample(
        "overlapping, rectangular, with remainders",
        [
          "kernel_size": numbers(2, 3, 2), "stride": numbers(1, 2, 1),
          "padding": numbers(1, 1, 0),
        ], inputs: [image(2, 3, 3, 6, 4)]),
      LayerExample(
        "padding that does not count",
        ["kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": false],
        inputs: [image(2, 2, 3, 5, 6)]),
      LayerExample(
        "a window that hangs over",
        ["kernel_size": 3, "stride": numbers(2, 2, 3), "padding": 1, "ceil_mode": true],
        inputs: [image(1, 2, 4, 6, 7)]),
      LayerExample(
        "hanging over, padding that does not count",
        [
          "kernel_size": numbers(2, 2, 3), "stride": numbers(3, 3, 2),
          "padding": ends(begin: (0, 1, 0), end: (1, 0, 1)), "ceil_mode": true,
          "count_include_pad": 0,
        ], inputs: [image(2, 1, 3, 6, 6)]),
      LayerExample(
        "a window larger than the image", ["kernel_size": 3, "stride": 2, "ceil_mode": true],
        inputs: [image(1, 1, 3, 4, 2)]),
      LayerExample(
        "a padding of its own at each end",
        ["kernel_size": 4, "stride": 2, "padding": ends(begin: (1, 0, 2), end: (0, 1, 0))],
        inputs: [image(1, 2, 4, 5, 6)]),
      LayerExample(
        "the same extent", ["kernel_size": numbers(1, 3, 2), "stride": 1, "padding": "same"],
        inputs: [image(1, 2, 2, 5, 4)]),
      LayerExample("no sample", ["kernel_size": 2], inputs: [image(0, 2, 4, 4, 4)]),
    ]
  }

  private static var divisorExamples: [LayerExample] {
    [
      LayerExample(
        "a divisor of the caller's",
        ["kernel_size": 3, "stride": 1, "padding": 1, "divisor_override": -2],
        inputs: [image(2, 1, 2, 4, 3)]),
      LayerExample(
        "no divisor of the caller's", ["kernel_size": 2, "divisor_override": "none"],
        inputs: [image(1, 1, 2, 4, 3)]),
      LayerExample(
        "a divisor of 0", ["kernel_size": 2, "divisor_override": 0],
        inputs: [image(1, 1, 4, 4, 4)],
        refused: .outOfRange(
          hyperparameter: "divisor_override", allowed: "any whole number but 0", found: 0)),
    ]
  }

  private static var divisorOfOneAxis: LayerExample {
    LayerExample(
      "a divisor of the caller's", ["kernel_size": 2, "divisor_override": 3],
      inputs: [image(1, 1, 4, 4, 4)],
      refused: .unknownHyperparameter("divisor_override", closest: nil))
  }
}
