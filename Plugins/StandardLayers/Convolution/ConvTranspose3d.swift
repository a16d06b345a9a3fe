// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.ConvTranspose3d (2.13). `padding` may also have six numbers, the begins of depth,
// height and width, then their ends, which are cut off.

public import LayerKit

/// The transposed map of a convolution of volumes, which is not its inverse.
///
///     y[n,o,t,h,v] = b[o] + Σ w[c,o,p,q,r] · x[n,c,i,j,k] over all c of o's group and all
///         i, p with i·s + p·d − front = t, and in the same way j, q for h and k, r for v
///
/// Stride s is the distance of two windows in y, d that of two taps; `padding` cells are cut off
/// at the ends of y, and `output_padding` cells are appended at its end before.
/// - Shapes: x [N, I, D, H, W], w [I, O/G, P, Q, R], b [O] → y [N, O, D′, H′, W′],
///   D′ = (D−1)s − front − back + d(P−1) + 1 + output_padding, output_padding < max(s, d)
/// - Kinks: none. Linear in x, in w, in b.
public struct ConvTranspose3d: TransposedConvolutionLayer {
  public static let signature = Signature(
    kind: "ConvTranspose3d", parameters: .filters, traits: .independentSamples)
  public static let axes = 3

  public var settings: ConvolutionSettings
  public var erased: AnyLayer { AnyLayer(self) }

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ConvolutionSettings(transposed: &hyperparameters, axes: Self.axes)
  }
}
