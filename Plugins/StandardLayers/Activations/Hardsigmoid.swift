// Source: torch.nn.Hardsigmoid (2.13).

public import LayerKit
public import Tensors

/// The logistic function drawn with three straight lines.
///
///     y = min(max(x + 3, 0), 6)/6          dx = dy/6 where −3 < x < 3, otherwise 0
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: at ±3 the derivative is taken to be that of the outer side, 0.
/// - NaN: stays NaN; its gradient is 0, as in PyTorch.
public struct Hardsigmoid: ElementwiseLayer {
  public static let kind = "Hardsigmoid"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { .clamped(x + S(3), from: 0, to: 6) / S(6) }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    x > S(-3) && x < S(3) ? dy / S(6) : .zero
  }

  // MARK: Bound, kinks

  /// u(|x|/2 + 3|y|) + η on the slope, u·2y beside it.
  ///
  /// Sum, quotient or product with a rounded 1/6; in the form x/6 + 1/2 the error of x/6 stays
  /// where the sum cancels. Beside the slope y = 0 is exact, and 6·(1/6) may differ from 1.
  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    let u = rounding.unit
    let y = value(x)
    guard x.magnitude <= 3 * (1 + 4 * u) else { return 2 * u * y }
    return 1.01 * u * (x.magnitude / 2 + 3 * y) + rounding.underflow
  }

  /// One quotient, or a product with a rounded 1/6: γ(2)·|dx| + η; 0 beside the slope.
  ///
  /// PyTorch multiplies by the 1/6 of single precision, in double precision too, which is off by
  /// 1/2 of its last place: 2⁻²⁵·|dx| is added.
  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    let dx = gradient(x, dy).magnitude
    return dx == 0 ? 0 : (rounding.gamma(2) + 0x1p-25) * dx + rounding.underflow
  }

  public var kinks: [Kink] { [.point(input: -3, slope: 0), .point(input: 3, slope: 0)] }
}
