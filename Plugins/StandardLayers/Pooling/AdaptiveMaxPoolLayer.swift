// Source: torch.nn.AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d (2.13). One output.

public import LayerKit

/// The largest cell of each of a given number of windows, which cover the image.
///
///     y[n,c,i,…] = max of x[n, c, ⌊iH/H′⌋ ..< ⌈(i+1)H/H′⌉, …]
public protocol AdaptiveMaxPoolLayer: AdaptivePoolLayer, MaximumPoolLayer {}

extension AdaptiveMaxPoolLayer {
  /// Reads the hyper-parameters of the kind.
  static func readWindows(_ hyperparameters: inout HyperparameterReader) -> AdaptiveWindows {
    hyperparameters.ignore("return_indices")
    return AdaptiveWindows(&hyperparameters, axes: axes)
  }

  public static var examples: [LayerExample] {
    windowExamples + [
      LayerExample(
        "one output", ["output_size": 2, "return_indices": true],
        inputs: [image(1, 2, 3, 4, 3)])
    ]
  }
}
