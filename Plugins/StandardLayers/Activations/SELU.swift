// Source: torch.nn.SELU (2.13); G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter 2017.

public import LayerKit
public import Tensors

/// The self-normalising exponential linear unit.
///
///     y = s·x where x > 0, otherwise s·α(eˣ − 1)      dx = s·dy where x > 0, otherwise s·α·eˣ·dy
///
/// s = 1.05070098735548…, α = 1.67326324235437…
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at 0 the derivative is taken to be s·α.
/// - NaN: stays NaN, and so does its gradient.
public struct SELU: ExponentialLayer {
  public static let kind = "SELU"

  // MARK: Hyper-parameters

  public let curve: ExponentialCurve

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
    let scale = 1.0507009873554804934193349852946
    let alpha = 1.6732632423543772848170429916717
    curve = ExponentialCurve(slope: scale, amplitude: scale * alpha, rate: 1)
  }

  @usableFromInline
  init(_ curve: ExponentialCurve) { self.curve = curve }

  @inlinable
  public func rounded(to format: NumberFormat) -> SELU { SELU(curve.rounded(to: format)) }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples() + shapeExamples("in place", ["inplace": true]) + refusedExamples
  }
}
