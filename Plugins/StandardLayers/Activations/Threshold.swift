// Source: torch.nn.Threshold (2.13).

public import LayerKit
public import Tensors

/// The layer that replaces numbers up to a threshold by a constant.
///
///     y = x where x > threshold, otherwise value          dx = dy where x > threshold, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at the threshold the derivative is taken to be 0.
/// - NaN: stays NaN; its gradient passes, as in PyTorch.
public struct Threshold: SelectingLayer {
  public static let kind = "Threshold"

  // MARK: Hyper-parameters

  /// The largest number that is replaced; required.
  public let threshold: Double
  /// What it is replaced by; required.
  public let replacement: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    threshold = hyperparameters.real("threshold")
    replacement = hyperparameters.real("value")
    hyperparameters.ignore("inplace")
  }

  @usableFromInline
  init(threshold: Double, replacement: Double) {
    self.threshold = threshold
    self.replacement = replacement
  }

  @inlinable
  public func rounded(to format: NumberFormat) -> Threshold {
    Threshold(threshold: format.rounded(threshold), replacement: format.rounded(replacement))
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S {
    x > S(threshold) || x.isNaN ? x : S(replacement)
  }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    x > S(threshold) || x.isNaN ? dy : .zero
  }

  // MARK: Kinks

  public var kinks: [Kink] { [.point(input: threshold, slope: 0)] }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("a jump", ["threshold": 0.1, "value": 20])
      + shapeExamples("no jump", ["threshold": -0.7, "value": -0.7, "inplace": true])
      + [
        LayerExample(
          "no threshold", ["value": 1], inputs: [[2]],
          refused: .missingHyperparameter("threshold")),
        LayerExample(
          "no value", ["threshold": 1], inputs: [[2]], refused: .missingHyperparameter("value")),
        LayerExample(
          "an unknown hyper-parameter", ["threshold": 1, "value": 1, "exponent": 2], inputs: [[2]],
          refused: .unknownHyperparameter("exponent", closest: nil)),
      ]
  }
}
