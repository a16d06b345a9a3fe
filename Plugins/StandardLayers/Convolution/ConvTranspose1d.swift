// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.ConvTranspose1d (2.13). `padding` may also have two numbers, begin and end, which are cut off.

public import LayerKit

/// The transposed map of a convolution of signals, which is not its inverse.
///
///     y[n,o,h] = b[o] + Σ w[c,o,p] · x[n,c,i] over all c of o's group and i, p with
///                                             i·s + p·d − begin = h
///
/// Stride s is the distance of two windows in y, d that of two taps; `padding` cells are cut off
/// at the ends of y, and `output_padding` cells are appended at its end before.
/// - Shapes: x [N, I, L], w [I, O/G, P], b [O] → y [N, O, L′],
///   L′ = (L−1)s − begin − end + d(P−1) + 1 + output_padding, output_padding < max(s, d)
/// - Kinks: none. Linear in x, in w, in b.
public struct ConvTranspose1d: TransposedConvolutionLayer {
  public static let signature = Signature(
    kind: "ConvTranspose1d", parameters: .filters, traits: .independentSamples)
  public static let axes = 1

  public var settings: ConvolutionSettings
  public var erased: AnyLayer { AnyLayer(self) }

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ConvolutionSettings(transposed: &hyperparameters, axes: Self.axes)
  }
}
