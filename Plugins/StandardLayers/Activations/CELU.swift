// Source: torch.nn.CELU (2.13); J. T. Barron 2017.

public import LayerKit
public import Tensors

/// The exponential linear unit whose derivative is continuous for every α.
///
///     y = x where x > 0, otherwise α(e^(x/α) − 1)     dx = dy where x > 0, otherwise e^(x/α)·dy
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none.
/// - NaN: stays NaN, and so does its gradient.
public struct CELU: ExponentialLayer {
  public static let kind = "CELU"

  // MARK: Hyper-parameters

  public let curve: ExponentialCurve

  /// `alpha`: 1 by default; not 0, by which nothing can be divided.
  public init(_ hyperparameters: inout HyperparameterReader) {
    let alpha = hyperparameters.real("alpha", default: 1)
    hyperparameters.ignore("inplace")
    if alpha == 0 {
      hyperparameters.report(
        .outOfRange(hyperparameter: "alpha", allowed: "any number but 0", found: .real(alpha)))
    }
    // PyTorch's derivative takes 1/α of an α in single precision, in double precision too.
    let rounded = NumberFormat.float32.rounded(alpha)
    curve = ExponentialCurve(
      slope: 1, amplitude: alpha, rate: 1 / alpha,
      rateError: rounded.isFinite ? (rounded / alpha - 1).magnitude : 0)
  }

  @usableFromInline
  init(_ curve: ExponentialCurve) { self.curve = curve }

  @inlinable
  public func rounded(to format: NumberFormat) -> CELU { CELU(curve.rounded(to: format)) }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("default")
      + shapeExamples("alpha 0.3", ["alpha": 0.3, "inplace": true])
      + shapeExamples("negative alpha", ["alpha": -1.5])
      + refusedExamples + [
        LayerExample(
          "alpha 0", ["alpha": 0.0], inputs: [[2]],
          refused: .outOfRange(hyperparameter: "alpha", allowed: "any number but 0", found: 0.0))
      ]
  }
}
