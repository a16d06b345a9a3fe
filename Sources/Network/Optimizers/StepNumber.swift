public import Tensors

/// A number that the update of one parameter can be computed with.
///
/// Each optimiser states its formula once. With `Float` and `Double` it is the update, with
/// `RoundedNumber` it is the update and how far rounding may move it.
public protocol StepNumber: Sendable {
  static func + (_ a: Self, _ b: Self) -> Self
  static func - (_ a: Self, _ b: Self) -> Self
  static func * (_ a: Self, _ b: Self) -> Self
  static func / (_ a: Self, _ b: Self) -> Self
  prefix static func - (_ a: Self) -> Self

  /// √x.
  static func squareRoot(_ x: Self) -> Self
  /// The larger number; NaN if either is NaN.
  static func larger(_ a: Self, _ b: Self) -> Self

  /// A constant in the arithmetic of this number.
  ///
  /// `uncertainty` is how far, relative to it, other programs may have it besides rounding it.
  func constant(_ value: Double, uncertainty: Double) -> Self

  /// The moving average βx + (1 − β)y, where this is x.
  func averaged(with y: Self, keeping beta: Double) -> Self
}

extension StepNumber {
  /// A constant that every program has in double precision before it rounds it.
  @inlinable
  public func constant(_ value: Double) -> Self { constant(value, uncertainty: 0) }
}

extension StepNumber where Self: Scalar {
  @inlinable
  public static func larger(_ a: Self, _ b: Self) -> Self { b > a || b.value.isNaN ? b : a }

  @inlinable
  public func constant(_ value: Double, uncertainty: Double) -> Self { Self(value) }

  @inlinable
  public func averaged(with y: Self, keeping beta: Double) -> Self {
    Self(beta) * self + Self(1 - beta) * y
  }
}

extension Float: StepNumber {}
extension Double: StepNumber {}
