// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.Conv1d (2.13). `padding` may also have two numbers, begin and end.

public import LayerKit

/// Discrete cross-correlation of signals with a set of filters.
///
///     y[n,o,i] = b[o] + Σ_{c,p} w[o,c,p] · xp[n, c + ⌊o/(O/G)⌋·C/G, i·s + p·d]
///
/// xp is x with padding around it.
/// - Shapes: x [N, C, L], w [O, C/G, P], b [O] → y [N, O, L′],
///   L′ = ⌊(L + begin + end − d(P−1) − 1)/s⌋ + 1
/// - Kinks: none. Linear in x, in w, in b.
public struct Conv1d: ConvolutionLayer {
  public static let signature = Signature(
    kind: "Conv1d", parameters: .filters, traits: .independentSamples)
  public static let axes = 1

  public var settings: ConvolutionSettings
  public var erased: AnyLayer { AnyLayer(self) }

  public init(_ hyperparameters: inout HyperparameterReader) {
    settings = ConvolutionSettings(&hyperparameters, axes: Self.axes)
  }
}
