// Source: torch.nn.ELU (2.13); D.-A. Clevert, T. Unterthiner, S. Hochreiter 2016.

public import LayerKit
public import Tensors

/// The exponential linear unit: negative numbers approach −α.
///
///     y = x where x > 0, otherwise α(eˣ − 1)          dx = dy where x > 0, otherwise α·eˣ·dy
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at 0, unless α is 1, the derivative is taken to be α.
/// - NaN: stays NaN, and so does its gradient.
public struct ELU: ExponentialLayer {
  public static let kind = "ELU"

  // MARK: Hyper-parameters

  public let curve: ExponentialCurve

  /// `alpha`: what negative numbers approach, 1 by default, any finite number.
  public init(_ hyperparameters: inout HyperparameterReader) {
    let alpha = hyperparameters.real("alpha", default: 1)
    hyperparameters.ignore("inplace")
    curve = ExponentialCurve(slope: 1, amplitude: alpha, rate: 1)
  }

  @usableFromInline
  init(_ curve: ExponentialCurve) { self.curve = curve }

  @inlinable
  public func rounded(to format: NumberFormat) -> ELU { ELU(curve.rounded(to: format)) }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("default")
      + shapeExamples("alpha 0.3", ["alpha": 0.3, "inplace": true])
      + shapeExamples("negative alpha", ["alpha": -1.5])
      + shapeExamples("alpha 0", ["alpha": 0])
      + refusedExamples
  }
}
