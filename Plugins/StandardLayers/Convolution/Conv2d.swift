// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.Conv2d (2.13). `padding` may also have four numbers, top left bottom right.

public import LayerKit

/// Discrete cross-correlation of images with a set of filters.
///
///     y[n,o,i,j] = b[o] + Σ_{c,p,q} w[o,c,p,q] · xp[n, c + ⌊o/(O/G)⌋·C/G, i·s + p·d, j·s + q·d]
///
/// xp is x with padding around it. Stride s, dilation d and padding are independent on both axes.
/// - Shapes: x [N, C, H, W], w [O, C/G, P, Q], b [O] → y [N, O, H′, W′],
///   H′ = ⌊(H + top + bottom − d(P−1) − 1)/s⌋ + 1
/// - Kinks: none. Linear in x, in w, in b.
public struct Conv2d: ConvolutionLayer {
  public static let signature = Signature(
    kind: "Conv2d", parameters: .filters, traits: .independentSamples)
  public static let axes = 2

  public var settings: ConvolutionSettings
  public var erased: AnyLayer { AnyLayer(self) }

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ConvolutionSettings(&hyperparameters, axes: Self.axes)
  }
}
