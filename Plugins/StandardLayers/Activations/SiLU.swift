// Source: torch.nn.SiLU (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The sigmoid linear unit, also called swish.
///
///     y = x·σ(x)          dx = dy·σ(x)·(1 + x·(1 − σ(x)))
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct SiLU: FunctionLayer {
  public static let kind = "SiLU"
  public static let function = ElementaryFunction.logistic
  public static let needsMirrored = true

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("inplace")
  }

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S, _ s: S) -> S { x * s }

  // MARK: Backward

  /// 1 − σ(x) is computed as σ(−x), which does not cancel.
  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ s: S, mirrored: S) -> S {
    dy * (s * (.one + x * mirrored))
  }

  // MARK: Bound

  /// 10u·|y| + η(1 + |x|).
  @inlinable
  public func valueError(_ x: Double, _ s: Double, _ rounding: Rounding) -> Double {
    10 * rounding.unit * (x * s).magnitude + rounding.underflow * (1 + x.magnitude)
  }

  /// The error of dy·s·q, s = σ(x), q = 1 + x·t, t = 1 − s, from an s with the relative error 8u.
  ///
  ///     u·|dy|·s·[11·|q| + |x|·(8s + 2t)] + 2η(1 + |dy|)(1 + |x|)
  ///
  /// t inherits the error 8u·s and rounds once, x·t and q round once each, and so do the two
  /// products. Where x is large, t is less than one unit in the last place of s: there the error
  /// of t is at most 4t, because 1 + e⁻ˣ and its reciprocal are never rounded further than to 1.
  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ s: Double, mirrored t: Double, _ rounding: Rounding
  ) -> Double {
    let u = rounding.unit
    let difference = min(8 * u * s, 4 * t) + 2 * u * t
    return 1.01 * dy.magnitude * s * (11 * u * (1 + x * t).magnitude + x.magnitude * difference)
      + 2 * rounding.underflow * (1 + dy.magnitude) * (1 + x.magnitude)
  }
}
