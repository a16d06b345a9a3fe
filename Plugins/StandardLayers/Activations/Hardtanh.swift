// Source: torch.nn.Hardtanh (2.13).

public import LayerKit
public import Tensors

/// The layer that keeps numbers between two limits, with no gradient at the limits.
///
///     y = min(max(x, min_val), max_val)          dx = dy where min_val < x < max_val, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at the limits the derivative is taken to be that of the outer side, 0.
/// - NaN: stays NaN; its gradient is 0, as in PyTorch's vectorised code.
public struct Hardtanh: ClampingLayer {
  public static let kind = "Hardtanh"
  public static let passesAtLimits = false

  // MARK: Hyper-parameters

  /// `min_val`, −1 by default; `min_value`, its deprecated name, goes before it.
  public let lower: Double
  /// `max_val`, 1 by default, above the lower limit; `max_value` goes before it.
  public let upper: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    lower = Self.limit("min_val", deprecated: "min_value", default: -1, &hyperparameters)
    upper = Self.limit("max_val", deprecated: "max_value", default: 1, &hyperparameters)
    hyperparameters.ignore("inplace")
    if !(lower < upper) {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "max_val", allowed: "a number above `min_val`, \(lower)",
          found: .real(upper)))
    }
  }

  private static func limit(
    _ name: String, deprecated: String, default placeholder: Double,
    _ hyperparameters: inout HyperparameterReader
  ) -> Double {
    let limit = hyperparameters.real(name, default: placeholder, in: -.infinity...(.infinity))
    return hyperparameters.optionalReal(deprecated, default: nil, in: -.infinity...(.infinity))
      ?? limit
  }

  @usableFromInline
  init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  @inlinable
  public func rounded(to format: NumberFormat) -> Hardtanh {
    Hardtanh(lower: format.rounded(lower), upper: format.rounded(upper))
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("default")
      + shapeExamples("asymmetric", ["min_val": -0.3, "max_val": 1.1, "inplace": true])
      + shapeExamples("deprecated names", ["min_value": 0.1, "max_value": 0.7])
      + shapeExamples("no lower limit", ["min_val": .real(-.infinity), "max_value": "none"])
      + refusedExamples + [
        LayerExample(
          "no room between the limits", ["min_val": 1], inputs: [[2]],
          refused: .outOfRange(
            hyperparameter: "max_val", allowed: "a number above `min_val`, 1.0", found: 1.0)),
        LayerExample(
          "crossed by a deprecated name", ["min_val": 0, "max_value": -1], inputs: [[2]],
          refused: .outOfRange(
            hyperparameter: "max_val", allowed: "a number above `min_val`, 0.0", found: -1.0)),
      ]
  }
}
