// Source: torch.nn.Sigmoid (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The logistic function.
///
///     y = σ(x) = 1 / (1 + e⁻ˣ)          dx = dy·σ(x)·(1 − σ(x)) = dy·σ(x)·σ(−x)
///
/// - Shapes: x of any shape → y of the same shape.
/// - Kinks: none. NaN stays NaN.
public struct Sigmoid: FunctionLayer {
  public static let kind = "Sigmoid"
  public static let function = ElementaryFunction.logistic
  public static let needsMirrored = true

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S, _ y: S) -> S { y }

  // MARK: Backward

  /// 1 − σ(x) is computed as σ(−x), which does not cancel.
  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S, _ y: S, mirrored: S) -> S {
    dy * (y * mirrored)
  }

  // MARK: Bound

  /// 8u·|y| + η(1 + |x|).
  @inlinable
  public func valueError(_ x: Double, _ y: Double, _ rounding: Rounding) -> Double {
    rounding.logisticError(x, y)
  }

  /// The error of dy·y·(1 − y) from a y with the error E: |dy|·[E + γ(3)·y(1 − y)] + 2η(1 + |dy|).
  ///
  /// |∂(y(1 − y))/∂y| = |1 − 2y| ≤ 1; the difference and the two products round once each.
  /// Near y = 1 the difference 1 − y cancels, so that E stands there undiminished.
  @inlinable
  public func gradientError(
    _ x: Double, _ dy: Double, _ y: Double, mirrored: Double, _ rounding: Rounding
  ) -> Double {
    let slope = y * mirrored
    let error = rounding.logisticError(x, y)
    return 1.01 * dy.magnitude * (error + rounding.gamma(3) * slope)
      + 2 * rounding.underflow * (1 + dy.magnitude)
  }
}
