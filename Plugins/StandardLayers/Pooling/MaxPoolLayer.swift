// Source: torch.nn.MaxPool1d, MaxPool2d, MaxPool3d (2.13). One output; `padding` may also have the
// begin of each axis and then the end of each.

public import LayerKit

/// The largest cell of each window, where the windows slide.
///
///     y[n,c,i,…] = max over p, … of x[n, c, i·s + p·d − begin, …]
public protocol MaxPoolLayer: SlidingPoolLayer, MaximumPoolLayer {}

extension MaxPoolLayer {
  /// Reads the hyper-parameters of the kind.
  static func readWindow(_ hyperparameters: inout HyperparameterReader) -> PoolWindow {
    hyperparameters.ignore("return_indices")
    return PoolWindow(&hyperparameters, axes: axes, options: [.padding, .dilation])
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("windows side by side", ["kernel_size": 2], inputs: [image(2, 2, 2, 4, 6)]),
      LayerExample(
        "overlapping, rectangular, with remainders",
        [
          "kernel_size": numbers(2, 3, 2), "stride": numbers(1, 2, 1),
          "padding": numbers(1, 1, 0), "return_indices": true,
        ], inputs: [image(2, 3, 3, 7, 4)]),
      LayerExample(
        "dilated",
        [
          "kernel_size": numbers(2, 2, 3), "stride": 1, "dilation": numbers(2, 3, 2),
          "padding": numbers(0, 2, 1),
        ], inputs: [image(1, 2, 4, 6, 7)]),
      LayerExample(
        "a window that hangs over",
        [
          "kernel_size": 3, "stride": numbers(2, 2, 3), "ceil_mode": true,
          "padding": numbers(1, 0, 1),
        ], inputs: [image(2, 1, 4, 6, 7)]),
      LayerExample(
        "a window larger than the image", ["kernel_size": 3, "stride": 2, "ceil_mode": true],
        inputs: [image(1, 1, 3, 4, 2)]),
      LayerExample(
        "a padding of its own at each end",
        ["kernel_size": 4, "stride": 2, "padding": ends(begin: (1, 0, 2), end: (0, 1, 0))],
        inputs: [image(2, 2, 4, 5, 6)]),
      LayerExample(
        "the same extent",
        ["kernel_size": numbers(1, 3, 2), "stride": 1, "dilation": 2, "padding": "same"],
        inputs: [image(1, 2, 2, 5, 4)]),
      LayerExample(
        "a window in the padding alone",
        ["kernel_size": 2, "stride": 1, "dilation": 2, "padding": 1],
        inputs: [image(1, 1, 2, 3, 1)]),
      LayerExample(
        "the default stride, said", ["kernel_size": numbers(1, 2, 3), "stride": "none"],
        inputs: [image(1, 2, 2, 5, 7)]),
      LayerExample("no sample", ["kernel_size": 2], inputs: [image(0, 2, 4, 4, 4)]),
      LayerExample(
        "a misspelt name", ["kernel_size": 2, "dilations": 2], inputs: [image(1, 1, 4, 4, 4)],
        refused: .unknownHyperparameter("dilations", closest: "dilation")),
    ] + refusedWindows() + refusedPaddings
  }
}
