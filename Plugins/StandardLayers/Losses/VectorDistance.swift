// Source: torch.nn.functional.pairwise_distance (2.13) and the derivative of torch.norm.

import Tensors

/// The p-norm of the difference of two vectors, to each element of which ε is added.
///
///     d = (Σ |zᵢ|ᵖ)^(1/p),  z = x − y + ε
///
/// - Kinks: where z is 0 in an element the slope is 0, and where d is 0 in all. For p = ±∞ equal
///   largest, or smallest, elements share the slope.
public struct VectorDistance: Sendable {
  /// p, any number; ±∞ for the largest and the smallest magnitude, 0 for the number of elements
  /// that are not 0.
  let power: Double
  /// ε.
  private(set) var epsilon: Double

  init(power: Double = 2, epsilon: Double = 1e-6) {
    self.power = power
    self.epsilon = epsilon
  }

  /// The same with ε rounded as the reference rounds it.
  func rounded(to format: NumberFormat) -> VectorDistance {
    VectorDistance(power: power, epsilon: format.rounded(epsilon))
  }

  /// z.
  func difference<S: Scalar>(_ x: S, _ y: S) -> S { x - y + S(epsilon) }

  /// d.
  func value<S: Scalar>(_ z: [S]) -> S {
    let sizes = z.map { S.magnitude($0) }
    guard power.isFinite, power != 0 else {
      return power == 0
        ? S(Double(z.filter { $0.value != 0 }.count)) : Self.extreme(sizes, largest: power > 0)
    }
    var sum = S.zero
    for size in sizes { sum += raised(size, power) }
    return power == 1 ? sum : power == 2 ? .squareRoot(sum) : .power(sum, 1 / power)
  }

  /// |z|ᵖ; a square is a product.
  private func raised<S: Scalar>(_ size: S, _ power: Double) -> S {
    power == 1 ? size : power == 2 ? size * size : .power(size, power)
  }

  /// The largest or the smallest; NaN if any is NaN.
  private static func extreme<S: Scalar>(_ sizes: [S], largest: Bool) -> S {
    guard var extreme = sizes.first else { return .zero }
    for size in sizes.dropFirst() where !extreme.isNaN {
      extreme =
        size.isNaN
        ? size
        : S.select(
          size, wherePositive: largest ? size - extreme : extreme - size, otherwise: extreme)
    }
    return extreme
  }

  /// ∂d/∂z.
  func slopes<S: Scalar>(_ z: [S], distance: S) -> [S] {
    if power == 0 { return z.map { _ in .zero } }
    if power == 1 { return z.map { .sign(of: $0) } }
    guard power.isFinite else { return Self.extremeSlopes(z, largest: power > 0) }
    return z.map { z in
      guard z.value != 0, distance.value != 0 else { return .zero }
      if power == 2 { return z / distance }
      let size = S.magnitude(z)
      guard power >= 1 else {
        return .sign(of: z) * .power(size, power - 1) * .power(distance, 1 - power)
      }
      let raised =
        power < 2 ? .sign(of: z) * .power(size, power - 1) : z * .power(size, power - 2)
      return raised / .power(distance, power - 1)
    }
  }

  /// 1/k for each of the k extreme elements, with the sign of the element.
  private static func extremeSlopes<S: Scalar>(_ z: [S], largest: Bool) -> [S] {
    let sizes = z.map { S.magnitude($0) }
    return z.indices.map { i in
      let others = Array(sizes[..<i] + sizes[(i + 1)...])
      guard !others.isEmpty else { return .sign(of: z[i]) }
      let lead =
        largest
        ? sizes[i] - extreme(others, largest: true) : extreme(others, largest: false) - sizes[i]
      let equal = sizes.filter { $0.value == sizes[i].value }.count
      let share: S = lead.value == 0 ? .one / S(Double(equal)) : .zero
      return .sign(of: z[i]) * .select(.one, wherePositive: lead, otherwise: share)
    }
  }
}
