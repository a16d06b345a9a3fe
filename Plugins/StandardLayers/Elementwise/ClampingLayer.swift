// The mechanism of the layers that keep numbers between two limits: Clip, Hardtanh, ReLU6.

public import LayerKit
public import Tensors

extension Scalar {
  /// The number, or the limit that it is beyond; NaN stays NaN, and where the limits cross the
  /// upper one holds.
  @inlinable
  public static func clamped(_ x: Self, from lower: Double, to upper: Double) -> Self {
    let raised = maximum(Self(lower), x)
    let ceiling = Self(upper)
    return raised < ceiling || raised.isNaN ? raised : ceiling
  }
}

/// A layer that keeps numbers between two limits: y = min(max(x, lower), upper).
///
/// - Kinks: at the limits the derivative is 1 or 0, as the kind says.
/// - NaN: stays NaN; its gradient is 0.
public protocol ClampingLayer: SelectingLayer {
  /// The lower limit; −∞ where there is none.
  var lower: Double { get }
  /// The upper limit; ∞ where there is none.
  var upper: Double { get }
  /// Whether the gradient passes at the limits themselves.
  static var passesAtLimits: Bool { get }
}

extension ClampingLayer {
  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { .clamped(x, from: lower, to: upper) }

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    let (low, high) = (S(lower), S(upper))
    let isInside = x > low && x < high
    // A number that is neither beyond a limit nor inside is on it.
    let isOnLimit = !isInside && !(x < low) && !(x > high) && !x.isNaN
    return isInside || (isOnLimit && Self.passesAtLimits) ? dy : .zero
  }

  public var kinks: [Kink] {
    let slope = Self.passesAtLimits && lower <= upper ? 1.0 : 0
    let limits = lower == upper ? [lower] : [lower, upper]
    return limits.filter(\.isFinite).map { .point(input: $0, slope: slope) }
  }
}
