// Source: torch.nn.Softplus (2.13).

public import Kernels
public import LayerKit
public import Tensors

extension Scalar {
  /// The logarithm of 1 + eˣ in the form max(x, 0) + ln(1 + e^−|x|): nothing overflows.
  @inlinable
  public static func softplus(_ x: Self) -> Self {
    x > .zero ? x + .log(onePlus: .exp(-x)) : .log(onePlus: .exp(x))
  }
}

/// A smooth rectified linear unit.
///
///     y = x where βx > threshold, otherwise ln(1 + e^(βx))/β
///     dx = dy where βx > threshold, otherwise dy·σ(βx)
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at βx = threshold, where the function jumps by ln(1 + e^−threshold)/β, the derivative
///   is σ(threshold). NaN stays NaN.
public struct Softplus: CompositeLayer {
  public static let kind = "Softplus"

  // MARK: Hyper-parameters

  /// β, 1 by default, any finite number; with 0 the result is infinite.
  public let beta: Double
  /// Above this βx the function is taken to be the identity; 20 by default, any finite number.
  public let threshold: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    beta = hyperparameters.real("beta", default: 1)
    threshold = hyperparameters.real("threshold", default: 20)
  }

  @usableFromInline
  init(beta: Double, threshold: Double) {
    self.beta = beta
    self.threshold = threshold
  }

  @inlinable
  public func rounded(to format: NumberFormat) -> Softplus {
    Softplus(beta: format.rounded(beta), threshold: format.rounded(threshold))
  }

  // MARK: Definition

  @inlinable
  public var valueFunction: ElementaryFunction { .softplus }

  @inlinable
  public func valueArgument<S: Scalar>(_ x: S) -> S { S(beta) * x }

  @inlinable
  public func value<S: Scalar>(_ x: S, _ f: S) -> S {
    S(beta) * x > S(threshold) ? x : f / S(beta)
  }

  // MARK: Backward

  @inlinable
  public var slopeFunctions: (ElementaryFunction, ElementaryFunction?) { (.logistic, nil) }

  @inlinable
  public func slopeArguments<S: Scalar>(_ x: S) -> (S, S) {
    let z = valueArgument(x)
    return (z, z)
  }

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ f: S, _ g: S) -> S {
    S(beta) * x > S(threshold) ? dy : dy * f
  }

  // MARK: Bound, kinks

  /// 10u·|y| + 2u·|x|·σ(z) + η(1 + |x|)(1 + 1/|β|), z = βx; 0 where y = x.
  ///
  /// The first term as for β = 1: exponential, logarithm, quotient. The second is what the
  /// rounding of z adds, and absent where β is 1. Where z is so close to the threshold that
  /// rounding decides the branch, the distance of the branches, ln(1 + e^−z)/|β|, is added.
  @inlinable
  public func valueError(_ x: Double, _ f: Double, _ rounding: Rounding) -> Double {
    let z = beta * x
    let isNear = isNearThreshold(z, rounding)
    guard isNear || !(z > threshold) else { return 0 }
    let jump = isNear ? Double.softplus(-z) / beta.magnitude : 0
    let argument = beta == 1 ? 0 : 2 * x.magnitude * Double.logistic(z)
    return 1.01 * rounding.unit * (10 * (f / beta).magnitude + argument) + jump
      + rounding.underflow * (1 + x.magnitude) * (1 + 1 / beta.magnitude)
  }

  /// u·|dy|·σ(z)·(8 + 2|z|σ(−z)) + 2η(1 + |dy|); 0 where dx = dy.
  ///
  /// Near the threshold the distance of the branches, |dy|·σ(−z), is added.
  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ s: Double, _ g: Double, _ rounding: Rounding
  ) -> Double {
    let z = beta * x
    let isNear = isNearThreshold(z, rounding)
    guard isNear || !(z > threshold) else { return 0 }
    let t = isNear || beta != 1 ? Double.logistic(-z) : 0
    let jump = isNear ? dy.magnitude * t : 0
    let argument = beta == 1 || s * t == 0 ? 0 : 2 * z.magnitude * s * t
    return 1.01 * rounding.unit * dy.magnitude * (8 * s + argument) + jump
      + 2 * rounding.underflow * (1 + dy.magnitude)
  }

  /// Whether the rounding of β, of the threshold and of their products may decide the branch.
  @inlinable
  func isNearThreshold(_ z: Double, _ rounding: Rounding) -> Bool {
    (z - threshold).magnitude <= 4 * rounding.unit * max(z.magnitude, threshold.magnitude)
  }

  public var kinks: [Kink] {
    beta == 0 ? [] : [.point(input: threshold / beta, slope: Double.logistic(threshold))]
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("default")
      + shapeExamples("beta 0.7", ["beta": 0.7])
      + shapeExamples("beta 3, threshold 1", ["beta": 3, "threshold": 1])
      + shapeExamples("negative beta", ["beta": -0.5, "threshold": 0.25])
      + shapeExamples("negative threshold", ["threshold": -1.1])
      + refusedExamples
  }
}
