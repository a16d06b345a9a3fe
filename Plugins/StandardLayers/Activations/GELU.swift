// Source: torch.nn.GELU (2.13); D. Hendrycks, K. Gimpel 2016.

public import Kernels
public import LayerKit
public import Tensors

/// The Gaussian error linear unit.
///
///     y = x·Φ(x),  Φ(x) = (1 + erf(x/√2))/2          dx = dy·(Φ(x) + x·φ(x)), φ = Φ′
///
/// With `approximate` = `"tanh"`:
///
///     y = x/2·(1 + tanh k),  k = √(2/π)·(x + 0.044715x³)
///     dx = dy·((1 + tanh k)/2 + x/2·(1 − tanh² k)·k′)
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct GELU: CompositeLayer {
  public static let kind = "GELU"

  // MARK: Hyper-parameters

  /// How Φ is computed.
  public enum Approximation: String, CaseIterable, Sendable {
    /// By the error function.
    case none
    /// By a hyperbolic tangent.
    case tanh
  }

  /// How Φ is computed; by the error function by default.
  public let approximate: Approximation

  public init(_ hyperparameters: inout HyperparameterReader) {
    approximate = hyperparameters.word("approximate", default: Approximation.none)
  }

  // MARK: Definition

  @inlinable
  public var valueFunction: ElementaryFunction { approximate == .none ? .erf : .tanh }

  @inlinable
  public func valueArgument<S: Scalar>(_ x: S) -> S {
    approximate == .none ? x * S(Self.rootHalf) : Self.argument(x)
  }

  /// x/2·(1 + f), f = erf(x/√2) or tanh k.
  @inlinable
  public func value<S: Scalar>(_ x: S, _ f: S) -> S { S(0.5) * x * (.one + f) }

  /// k = √(2/π)·(x + 0.044715x³).
  @inlinable
  static func argument<S: Scalar>(_ x: S) -> S {
    S(rootTwoOverPi) * (x + S(cubic) * (x * x * x))
  }

  @usableFromInline static let rootHalf = 0.5.squareRoot()
  @usableFromInline static let rootTwoOverPi = (2 / Double.pi).squareRoot()
  @usableFromInline static let cubic = 0.044715

  // MARK: Backward

  @inlinable
  public var slopeFunctions: (ElementaryFunction, ElementaryFunction?) {
    approximate == .none ? (.erf, .exp) : (.logistic, .logistic)
  }

  @inlinable
  public func slopeArguments<S: Scalar>(_ x: S) -> (S, S) {
    if approximate == .none { return (x * S(Self.rootHalf), S(-0.5) * x * x) }
    let k = Self.argument(x)
    return (k + k, -(k + k))
  }

  /// Φ + xφ, with φ(x) = e^(−x²/2)/√(2π).
  ///
  /// With the hyperbolic tangent (1 + tanh k)/2 = σ(2k) and 1 − tanh² k = 4σ(2k)σ(−2k), which
  /// does not cancel; the second term is 0 where these have vanished, whatever k′ is.
  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ f: S, _ g: S) -> S {
    switch approximate {
    case .none:
      let density = S(0.5 * Self.rootTwoOverPi) * g
      return dy * (S(0.5) * (.one + f) + x * density)
    case .tanh:
      let (s, t) = (f, g)
      let slope = S(Self.rootTwoOverPi) * (.one + S(3 * Self.cubic) * (x * x))
      let bell = s * t
      return dy * (bell > .zero || bell.isNaN ? s + S(2) * x * bell * slope : s)
    }
  }

  // MARK: Bound

  /// 8u(|y| + |x|) + η(1 + |x|).
  ///
  /// 1 + erf and 1 + tanh cancel for negative x, so that the error of the function stays as it is:
  /// u times a few, times |x|/2. Vectorised libraries approximate erf to 1.5·10⁻⁷ ≈ 2.5u, not to
  /// the last digit.
  @inlinable
  public func valueError(_ x: Double, _ f: Double, _ rounding: Rounding) -> Double {
    8 * rounding.unit * (value(x, f).magnitude + x.magnitude)
      + rounding.underflow * (1 + x.magnitude)
  }

  /// The errors of the two terms of the derivative, times |dy|.
  ///
  ///     erf:   u[8(1 + Φ) + |x|φ·(8 + x²)]
  ///     tanh:  u[8(1 + σ) + |x|·k′/2·(8b + D)],  b = 1 − tanh² k
  ///
  /// plus 2η(1 + |dy|)(1 + |x|). Φ as in the value; the argument of the exponential rounds by
  /// 2u·x²/2. D is the error of b: 1 − tanh² cancels, so that it is twice that of tanh, 8u|tanh|
  /// and 5u from |k|, of which at most 0.45 arrive; where 1 − |tanh| < u/8 the tangent is 1 and
  /// the error is b itself.
  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ f: Double, _ g: Double, _ rounding: Rounding
  ) -> Double {
    let u = rounding.unit
    let underflow = 2 * rounding.underflow * (1 + dy.magnitude) * (1 + x.magnitude)
    switch approximate {
    case .none:
      let phi = 0.5 * (1 + f)
      let density = 0.5 * Self.rootTwoOverPi * g
      let bell = density == 0 ? 0 : x.magnitude * density * (8 + x * x)
      return 1.01 * u * dy.magnitude * (8 * (1 + phi) + bell) + underflow
    case .tanh:
      let (s, t) = (f, g)
      let slope = Self.rootTwoOverPi * (1 + 3 * Self.cubic * (x * x))
      let b = 4 * s * t
      let isSaturated = 2 * min(s, t) < u / 8
      let difference = isSaturated ? b / u : 22
      let bell = b == 0 ? 0 : 0.5 * x.magnitude * slope * (8 * b + difference)
      return 1.01 * u * dy.magnitude * (8 * (1 + s) + bell) + underflow
    }
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    shapeExamples("default")
      + shapeExamples("erf", ["approximate": "none"])
      + shapeExamples("tanh", ["approximate": "tanh"])
      + refusedExamples + [
        LayerExample(
          "an unknown approximation", ["approximate": "sigmoid"], inputs: [[2]],
          refused: .outOfRange(
            hyperparameter: "approximate", allowed: "one of \"none\", \"tanh\"", found: "sigmoid"))
      ]
  }
}
