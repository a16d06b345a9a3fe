/// The rounding of one arithmetic: what error bounds are computed from.
///
/// Standard model (N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., §2.2
/// and §3.1): each operation returns the exact result times (1 + δ), |δ| ≤ u, and a product of n
/// such factors differs from 1 by at most γ(n) = n·u / (1 − n·u).
public struct Rounding: Hashable, Sendable {
  /// The unit roundoff u.
  public let unit: Double

  /// The absolute error η that underflow may add to a quotient, a product or an exponential.
  public let underflow: Double

  /// Makes the rounding of an arithmetic with the given unit roundoff and underflow threshold.
  public init(unit: Double, underflow: Double) {
    precondition(unit > 0 && underflow >= 0, "a rounding has a positive unit")
    self.unit = unit
    self.underflow = underflow
  }

  /// The rounding of results computed in one format.
  public init(_ format: NumberFormat) {
    self.init(unit: format.unitRoundoff, underflow: format.smallestNormal)
  }

  /// The rounding that bounds the difference of two results, one from each arithmetic.
  ///
  /// Every bound E(u) used here is convex in u with E(0) = 0, so E(u + v) ≥ E(u) + E(v).
  public func combined(with other: Rounding) -> Rounding {
    Rounding(unit: unit + other.unit, underflow: underflow + other.underflow)
  }

  /// γ(n) = n·u / (1 − n·u); infinite from n·u = ¼, where the bound says nothing any more.
  public func gamma(_ terms: Int) -> Double {
    let product = Double(terms) * unit
    guard product < 0.25 else { return .infinity }
    return product / (1 - product)
  }
}
