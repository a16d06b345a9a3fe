// Source: torch.nn.Softshrink (2.13).

public import LayerKit
public import Tensors

/// The layer that moves every number towards zero, and small ones to zero.
///
///     y = x − λ where x > λ, x + λ where x < −λ, otherwise 0
///     dx = dy where |x| > λ, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at ±λ the derivative is taken to be 0.
/// - NaN: stays NaN; its gradient is 0, as in PyTorch's vectorised code.
public struct Softshrink: ElementwiseLayer {
  public static let kind = "Softshrink"

  // MARK: Hyper-parameters

  /// λ, 0.5 by default, not negative.
  public let lambda: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    lambda = hyperparameters.real("lambd", default: 0.5, in: 0...(.greatestFiniteMagnitude))
  }

  @usableFromInline
  init(lambda: Double) { self.lambda = lambda }

  @inlinable
  public func rounded(to format: NumberFormat) -> Softshrink {
    Softshrink(lambda: format.rounded(lambda))
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S {
    if x > S(lambda) { return x - S(lambda) }
    if x < S(-lambda) { return x + S(lambda) }
    return x.isNaN ? x : .zero
  }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    x > S(lambda) || x < S(-lambda) ? dy : .zero
  }

  // MARK: Bound, kinks

  /// One sum: γ(1)·|y|.
  ///
  /// Where it selects, and for the gradient, nothing is rounded.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    rounding.gamma(1) * value(x).magnitude
  }

  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double { 0 }

  public var kinks: [Kink] {
    [.point(input: -lambda, slope: 0), .point(input: lambda, slope: 0)]
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("default")
      + shapeExamples("lambd 0.3", ["lambd": 0.3])
      + refusedExamples + [
        LayerExample(
          "negative lambd", ["lambd": -0.5], inputs: [[2]],
          refused: .outOfRange(hyperparameter: "lambd", allowed: "0.0 or more", found: -0.5))
      ]
  }
}
