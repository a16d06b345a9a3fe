// Source: torch.nn.AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d (2.13).

public import Kernels
public import LayerKit

/// The mean of each of a given number of windows, which cover the image.
///
///     y[n,c,i,…] = mean of x[n, c, ⌊iH/H′⌋ ..< ⌈(i+1)H/H′⌉, …]
public protocol AdaptiveAvgPoolLayer: AdaptivePoolLayer, MeanPoolLayer {}

extension AdaptiveAvgPoolLayer {
  public var divisor: PoolDivisor { .valid }

  public static var examples: [LayerExample] { windowExamples }
}
