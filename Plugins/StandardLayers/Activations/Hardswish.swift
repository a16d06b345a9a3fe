// Source: torch.nn.Hardswish (2.13); A. Howard et al. 2019 (MobileNetV3).

public import LayerKit
public import Tensors

/// A number times the logistic function drawn with three straight lines.
///
///     y = x·min(max(x + 3, 0), 6)/6
///     dx = 0 where x ≤ −3, dy·(x/3 + ½) where x < 3, otherwise dy
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at ±3 the derivative is taken to be that of the outer side.
/// - NaN: stays NaN, and so does its gradient.
public struct Hardswish: ElementwiseLayer {
  public static let kind = "Hardswish"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { x * .clamped(x + S(3), from: 0, to: 6) / S(6) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    if x > S(-3) && x < S(3) { return dy * (x / S(3) + S(0.5)) }
    return x.isNaN ? x : x > .zero ? dy : .zero
  }

  // MARK: Bound, kinks

  /// Sum, two products and a rounded 1/6: γ(4)·|y| + η(1 + |x|); 0 where x ≤ −3.
  ///
  /// ONNX writes x·clip(x/6 + ½), whose sum cancels near −3: where x < 3 its quotient, its sum and
  /// its product err by u·|x|·(|x|/6 + |x|/6 + 2|x/6 + ½|) at most, and the sum may leave 0 for x
  /// that is a few units above −3, or already be 0.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    guard x > -3 * (1 + 4 * rounding.unit) else { return 0 }
    let cancelling =
      x < 3.1
      ? 1.01 * rounding.unit * x.magnitude * (x.magnitude / 3 + 2 * (x / 6 + 0.5).magnitude) : 0
    return max(rounding.gamma(4) * value(x).magnitude, cancelling)
      + rounding.underflow * (1 + x.magnitude)
  }

  /// u·|dy|·(2|x|/3 + 2|x/3 + ½|) + η(1 + |dy|) where |x| < 3, otherwise 0.
  ///
  /// The quotient, or the product with a rounded 1/3, then sum and product; at x ≈ −3/2 the sum
  /// cancels. The form (2x + 3)/6 has no more.
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    guard x.magnitude < 3 else { return 0 }
    let relative = 2 * x.magnitude / 3 + 2 * (x / 3 + 0.5).magnitude
    return 1.01 * rounding.unit * dy.magnitude * relative
      + rounding.underflow * (1 + dy.magnitude)
  }

  public var kinks: [Kink] { [.point(input: -3, slope: 0), .point(input: 3, slope: 1)] }
}
