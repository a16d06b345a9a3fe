// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.Conv3d (2.13). `padding` may also have six numbers: the begins of depth, height
// and width, then their ends.

public import LayerKit

/// Discrete cross-correlation of volumes with a set of filters.
///
///     y[n,o,i,j,k] = b[o] + Σ_{c,p,q,r} w[o,c,p,q,r]
///                    · xp[n, c + ⌊o/(O/G)⌋·C/G, i·s + p·d, j·s + q·d, k·s + r·d]
///
/// xp is x with padding around it. Stride s, dilation d and padding are independent on all axes.
/// - Shapes: x [N, C, D, H, W], w [O, C/G, P, Q, R], b [O] → y [N, O, D′, H′, W′],
///   D′ = ⌊(D + front + back − d(P−1) − 1)/s⌋ + 1
/// - Kinks: none. Linear in x, in w, in b.
public struct Conv3d: ConvolutionLayer {
  public static let signature = Signature(
    kind: "Conv3d", parameters: .filters, traits: .independentSamples)
  public static let axes = 3

  public var settings: ConvolutionSettings
  public var erased: AnyLayer { AnyLayer(self) }

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ConvolutionSettings(&hyperparameters, axes: Self.axes)
  }
}
