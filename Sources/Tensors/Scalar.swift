/// A number that a textbook definition can be computed with.
///
/// A definition that is generic over its scalar is the oracle of its layer: with `Double` it is
/// the value, with `Dual` it is the value and its exact directional derivative, and with `SparseDual`
/// the derivatives in many directions.
///
/// Branches (`max`, `x > 0`) are decided by the value alone, so a dual number takes the
/// derivative of the branch that was chosen.
public protocol Scalar: Sendable {
  /// A constant, rounded to this type.
  init(_ constant: Double)

  /// The number without its derivative, as a `Double`.
  var value: Double { get }

  /// Whether numbers of this type have a derivative; false by default.
  static var carriesDerivative: Bool { get }

  static func + (_ a: Self, _ b: Self) -> Self
  static func - (_ a: Self, _ b: Self) -> Self
  static func * (_ a: Self, _ b: Self) -> Self
  static func / (_ a: Self, _ b: Self) -> Self
  prefix static func - (_ a: Self) -> Self
  static func += (_ a: inout Self, _ b: Self)

  /// Compares values; false if either is NaN.
  static func < (_ a: Self, _ b: Self) -> Bool
  static func > (_ a: Self, _ b: Self) -> Bool

  /// eˣ.
  static func exp(_ x: Self) -> Self
  /// eˣ − 1, accurate near 0.
  static func expMinusOne(_ x: Self) -> Self
  /// The natural logarithm.
  static func log(_ x: Self) -> Self
  /// ln(1 + x), accurate near 0.
  static func log(onePlus x: Self) -> Self
  /// The hyperbolic tangent.
  static func tanh(_ x: Self) -> Self
  /// The error function.
  static func erf(_ x: Self) -> Self
  /// √x.
  static func squareRoot(_ x: Self) -> Self
  /// xᵖ for a constant exponent.
  static func power(_ x: Self, _ exponent: Double) -> Self

  /// `a` where `x` is positive, otherwise `b`; `b` where `x` is NaN.
  ///
  /// The same as a condition on `x`, for all but a scalar that knows how exact `x` is.
  static func select(_ a: Self, wherePositive x: Self, otherwise b: Self) -> Self
}

extension Scalar {
  @inlinable public static var carriesDerivative: Bool { false }

  /// Zero.
  @inlinable public static var zero: Self { Self(0) }
  /// One.
  @inlinable public static var one: Self { Self(1) }
  /// Whether the value is NaN: nothing else differs from itself.
  ///
  /// Asked so, several numbers are compared at once.
  @inlinable public var isNaN: Bool { value != value }

  /// The larger number; NaN if either is NaN; the first of two equal ones.
  @inlinable
  public static func maximum(_ a: Self, _ b: Self) -> Self { b > a || b.isNaN ? b : a }

  @inlinable
  public static func select(_ a: Self, wherePositive x: Self, otherwise b: Self) -> Self {
    x.value > 0 ? a : b
  }

  /// The number without its sign.
  @inlinable
  public static func magnitude(_ x: Self) -> Self { x.value < 0 ? -x : x }
}

/// A hardware floating-point type: what the fast kernels compute with.
public protocol FloatingScalar: Scalar, BinaryFloatingPoint, SIMDScalar, Codable {
  /// The format whose rounding this type has.
  static var format: NumberFormat { get }
}
