// Dual numbers with many infinitesimal units at once, a + Σₖ bₖ·εₖ with εⱼ·εₖ = 0: one evaluation of
// a function gives its derivatives in all directions k ("sparse vector mode": A. Griewank, A. Walther,
// *Evaluating Derivatives*, 2nd edition, 2008, §7.1). A number lists the directions that it has met;
// in all others its derivative is what `Dual` computes with 0 throughout. So nothing is assumed of
// the function: that an entry of a Jacobian is zero is a result of its arithmetic.

import RealModule

/// A number together with its derivatives in many directions, of which those are listed that it has.
///
/// In each direction its derivative is that of a `Dual`, with the same rounding, but for the order of
/// sums in which a direction occurs more than twice. It lives no longer than the `SparseDirections`
/// that its variables came from.
public struct SparseDual: Scalar {
  /// The value.
  public let value: Double
  /// The derivative in each direction that is not listed: 0, or NaN where 0 met an infinite number.
  let elsewhere: Double
  /// The derivatives that are listed.
  let list: DerivativeList
  /// What holds the list; nil for a constant.
  nonisolated(unsafe) let store: UnsafeMutablePointer<DerivativeStore>?

  init(
    _ value: Double, elsewhere: Double, list: DerivativeList,
    store: UnsafeMutablePointer<DerivativeStore>?
  ) {
    self.value = value
    self.elsewhere = elsewhere
    self.list = list
    self.store = store
  }

  public init(_ constant: Double) { self.init(constant, elsewhere: 0, list: .none, store: nil) }

  public static var carriesDerivative: Bool { true }

  public static func + (_ a: SparseDual, _ b: SparseDual) -> SparseDual {
    combination(a.value + b.value, a, 1, b, 1)
  }

  public static func - (_ a: SparseDual, _ b: SparseDual) -> SparseDual {
    combination(a.value - b.value, a, 1, b, -1)
  }

  /// (ab)′ = a′b + ab′.
  public static func * (_ a: SparseDual, _ b: SparseDual) -> SparseDual {
    combination(a.value * b.value, a, b.value, b, a.value)
  }

  /// (a/b)′ = (a′ − (a/b)·b′) / b.
  public static func / (_ a: SparseDual, _ b: SparseDual) -> SparseDual {
    let quotient = a.value / b.value
    return combination(quotient, a, 1, b, -quotient).mapped(quotient) { $0 / b.value }
  }

  public prefix static func - (_ a: SparseDual) -> SparseDual { a.mapped(-a.value) { -$0 } }

  public static func += (_ a: inout SparseDual, _ b: SparseDual) { a = a + b }

  @inlinable public static func < (_ a: SparseDual, _ b: SparseDual) -> Bool { a.value < b.value }
  @inlinable public static func > (_ a: SparseDual, _ b: SparseDual) -> Bool { a.value > b.value }

  /// The number whose derivative in each direction is p·a′ + q·b′.
  private static func combination(
    _ value: Double, _ a: SparseDual, _ p: Double, _ b: SparseDual, _ q: Double
  ) -> SparseDual {
    let (first, second) = (p * a.elsewhere, q * b.elsewhere)
    guard let store = a.store ?? b.store else {
      return SparseDual(value, elsewhere: first + second, list: .none, store: nil)
    }
    return SparseDual(
      value, elsewhere: first + second,
      list: store.pointee.combined(a.list, p, first, b.list, q, second), store: store)
  }

  /// The number whose derivative in each direction is a function of the one here.
  private func mapped(_ value: Double, _ transform: (Double) -> Double) -> SparseDual {
    SparseDual(
      value, elsewhere: transform(elsewhere), list: store?.pointee.mapped(list, transform) ?? .none,
      store: store)
  }
}

extension SparseDual {
  /// f(a + Σ bₖ·εₖ) = f(a) + Σ f′(a)·bₖ·εₖ; where bₖ is zero it stays so if the slope is infinite.
  private func chain(_ value: Double, slope: Double) -> SparseDual {
    mapped(value) { $0 == 0 ? 0 : slope * $0 }
  }

  /// The value of a function and its slope, as dual numbers give them.
  private func chain(_ function: (Dual) -> Dual) -> SparseDual {
    let result = function(Dual(value, derivative: 1))
    return chain(result.value, slope: result.derivative)
  }

  public static func exp(_ x: SparseDual) -> SparseDual { x.chain(Dual.exp) }
  public static func expMinusOne(_ x: SparseDual) -> SparseDual { x.chain(Dual.expMinusOne) }
  public static func log(_ x: SparseDual) -> SparseDual { x.chain { Dual.log($0) } }
  public static func log(onePlus x: SparseDual) -> SparseDual { x.chain { Dual.log(onePlus: $0) } }
  public static func tanh(_ x: SparseDual) -> SparseDual { x.chain(Dual.tanh) }
  public static func erf(_ x: SparseDual) -> SparseDual { x.chain(Dual.erf) }
  public static func squareRoot(_ x: SparseDual) -> SparseDual { x.chain(Dual.squareRoot) }

  public static func power(_ x: SparseDual, _ exponent: Double) -> SparseDual {
    guard exponent != 0 else { return SparseDual(1) }
    return x.chain { Dual.power($0, exponent) }
  }
}
