import Kernels
import Tensors

/// A type that the kernels compute with, and sums of its products in an arithmetic so wide that its
/// own rounding does not matter.
protocol ProofScalar: KernelScalar {
  /// Whole numbers up to this size: all sums of their products are exact, up to 2¹⁷ terms.
  static var largestWhole: Int { get }
  /// A NaN that no computation makes.
  static var guardPattern: Self { get }
  /// The bits of the number.
  var bits: UInt64 { get }
  /// Adds a·b.
  static func add(_ a: Self, times b: Self, to sum: inout ExactSum<Self>)
}

/// A sum of terms, the sum of their magnitudes, and their number.
struct ExactSum<S: ProofScalar> {
  var high = 0.0
  /// What does not fit into `high`; always 0 for `Float`.
  var low = 0.0
  var magnitude = 0.0
  var terms = 0

  /// Adds a·b.
  mutating func add(_ a: S, times b: S) {
    S.add(a, times: b, to: &self)
    magnitude += abs(Double(a) * Double(b))
    terms += 1
  }

  /// Adds a single number.
  mutating func add(_ a: S) { add(a, times: 1) }

  /// γ(n)·Σ|terms|, and what the sums above were rounded by themselves.
  ///
  /// Any order of additions and any use of fused multiply-adds keeps each term to n factors
  /// (1 + δ), |δ| ≤ u (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., §3.1);
  /// zeros of the padding round nothing.
  func bound(roundings: Int? = nil) -> Double {
    // Σ|terms| is rounded n times by u = 2⁻⁵³, and so is a sum of products of two floats.
    let own = Double(terms + 1) * 0x1p-52
    let reference = S.self == Float.self ? own : own * Double(terms + 1) * 0x1p-48
    let gamma = Rounding(S.format).gamma(roundings ?? terms)
    return magnitude * (gamma * (1 + own) + reference)
  }
}

extension Float: ProofScalar {
  static let largestWhole = 8
  static let guardPattern = Float(bitPattern: 0x7FA5_A5A5)
  var bits: UInt64 { UInt64(bitPattern) }

  static func add(_ a: Float, times b: Float, to sum: inout ExactSum<Float>) {
    // The product of two floats is a double.
    sum.high += Double(a) * Double(b)
  }
}

extension Double: ProofScalar {
  static let largestWhole = 100_000
  static let guardPattern = Double(bitPattern: 0x7FF5_A5A5_A5A5_A5A5)
  var bits: UInt64 { bitPattern }

  /// Double-double: TwoProd and TwoSum (Ogita, Rump, Oishi, *Accurate sum and dot product*, 2005).
  static func add(_ a: Double, times b: Double, to sum: inout ExactSum<Double>) {
    let product = a * b
    let productRest = (-product).addingProduct(a, b)
    let total = sum.high + product
    let part = total - sum.high
    let sumRest = (sum.high - (total - part)) + (product - part)
    sum.high = total
    sum.low += productRest + sumRest
  }
}
