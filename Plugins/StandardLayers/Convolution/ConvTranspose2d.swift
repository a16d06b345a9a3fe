// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.ConvTranspose2d (2.13). `padding` may also have four numbers, top left bottom right, which are cut off.

public import LayerKit

/// The transposed map of a convolution of images, which is not its inverse.
///
///     y[n,o,h,v] = b[o] + Σ w[c,o,p,q] · x[n,c,i,j] over all c of o's group and i, j, p, q with
///                                     i·s + p·d − top = h and j·s + q·d − left = v
///
/// Stride s is the distance of two windows in y, d that of two taps; `padding` cells are cut off
/// at the ends of y, and `output_padding` cells are appended at its end before.
/// - Shapes: x [N, I, H, W], w [I, O/G, P, Q], b [O] → y [N, O, H′, W′],
///   H′ = (H−1)s − top − bottom + d(P−1) + 1 + output_padding, output_padding < max(s, d)
/// - Kinks: none. Linear in x, in w, in b.
public struct ConvTranspose2d: TransposedConvolutionLayer {
  public static let signature = Signature(
    kind: "ConvTranspose2d", parameters: .filters, traits: .independentSamples)
  public static let axes = 2

  public var settings: ConvolutionSettings
  public var erased: AnyLayer { AnyLayer(self) }

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ConvolutionSettings(transposed: &hyperparameters, axes: Self.axes)
  }
}
