// The logistic function, for the layers and losses that contain it.

public import Tensors

extension Scalar {
  /// The logistic function σ(x) = 1 / (1 + e⁻ˣ).
  ///
  /// For x < 0 in the form eˣ / (1 + eˣ): no exponential overflows, and small values keep their
  /// relative accuracy.
  @inlinable
  public static func logistic(_ x: Self) -> Self {
    if x < .zero {
      let e = exp(x)
      return e / (one + e)
    }
    return one / (one + exp(-x))
  }
}

extension Rounding {
  /// How far rounding may move σ(x): 8u·σ + η(1 + |x|).
  ///
  /// The exponential and its argument, the sum and the quotient; η for an exponential or a
  /// quotient that underflows.
  @inlinable
  public func logisticError(_ x: Double) -> Double { logisticError(x, Double.logistic(x)) }

  /// The same, for σ = σ(x).
  @inlinable
  func logisticError(_ x: Double, _ σ: Double) -> Double {
    8 * unit * σ + underflow * (1 + x.magnitude)
  }
}
