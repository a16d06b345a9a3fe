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

/// How far two correct computations of one tensor may lie apart, element by element.
public enum ErrorBound: Sendable {
  /// Nothing is rounded on the way: the values must be equal.
  case exact

  /// A sum of at most `terms` rounded terms: γ(terms) · magnitude.
  ///
  /// `magnitude` is the same operation on absolute values and has the shape of the tensor.
  /// `products` tells whether the terms are products of two operands, as in a convolution:
  /// only then does a reference with shortened operands (TF32, bfloat16) have a wider bound.
  case sum(terms: Int, magnitude: Tensor<Double>, products: Bool = true)

  /// A bound of its own for each element, already evaluated for the rounding asked for.
  ///
  /// Infinite where nothing can be said, for instance because a variance drowned in rounding:
  /// such an element can at best be a warning.
  case elementwise(Tensor<Double>)
}
