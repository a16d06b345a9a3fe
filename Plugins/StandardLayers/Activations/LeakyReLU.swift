// Source: torch.nn.LeakyReLU (2.13).

public import LayerKit
public import Tensors

/// The rectified linear unit that keeps a small slope for negative numbers.
///
///     y = x where x > 0, otherwise slope·x          dx = dy where x > 0, otherwise slope·dy
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at 0 the derivative is taken to be the slope.
/// - NaN: stays NaN.
public struct LeakyReLU: ElementwiseLayer {
  public static let kind = "LeakyReLU"

  // MARK: Hyper-parameters

  /// The slope for negative numbers; 0.01 by default, any finite number.
  public let negativeSlope: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    negativeSlope = hyperparameters.real("negative_slope", default: 0.01)
    hyperparameters.ignore("inplace")
  }

  @usableFromInline
  init(negativeSlope: Double) { self.negativeSlope = negativeSlope }

  @inlinable
  public func rounded(to format: NumberFormat) -> LeakyReLU {
    LeakyReLU(negativeSlope: format.rounded(negativeSlope))
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { x > .zero ? x : S(negativeSlope) * x }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    x > .zero ? dy : S(negativeSlope) * dy
  }

  // MARK: Bound, kinks

  /// One product of a slope that some frameworks round and others do not: γ(2)·|y| + η.
  ///
  /// Nothing is rounded where x > 0.
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    x > 0 ? 0 : productError(x, rounding)
  }

  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    x > 0 ? 0 : productError(dy, rounding)
  }

  /// A product with 0 is exact.
  private func productError(_ factor: Double, _ rounding: Rounding) -> Double {
    let product = (negativeSlope * factor).magnitude
    return factor == 0 || negativeSlope == 0
      ? 0 : rounding.gamma(2) * product + rounding.underflow
  }

  public var kinks: [Kink] { [.point(input: 0, slope: negativeSlope)] }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("default slope")
      + shapeExamples("slope 0.25", ["negative_slope": 0.25])
      + shapeExamples("negative slope", ["negative_slope": -0.5, "inplace": true])
      + refusedExamples + [
        LayerExample(
          "a word for a slope", ["negative_slope": "small"], inputs: [[2]],
          refused: .wrongType(
            hyperparameter: "negative_slope", expected: "a number", found: "small"))
      ]
  }
}
