/// A floating-point format, as far as its rounding is concerned.
public enum NumberFormat: String, Hashable, Sendable, CaseIterable {
  case float16
  case bfloat16
  case float32
  case float64

  /// The unit roundoff u: a rounded result is the exact one times (1 + δ), |δ| ≤ u.
  public var unitRoundoff: Double {
    switch self {
    case .float16: 0x1p-11
    case .bfloat16: 0x1p-8
    case .float32: 0x1p-24
    case .float64: 0x1p-53
    }
  }

  /// The smallest positive normal number, below which the relative error is no longer bounded.
  public var smallestNormal: Double {
    switch self {
    case .float16: 0x1p-14
    case .bfloat16, .float32: 0x1p-126
    case .float64: 0x1p-1022
    }
  }

  /// The largest finite number.
  public var largestFinite: Double {
    switch self {
    case .float16: 65_504
    case .bfloat16: 0x1.FEp127
    case .float32: Double(Float.greatestFiniteMagnitude)
    case .float64: .greatestFiniteMagnitude
    }
  }

  /// The nearest number of this format, ties to even; infinite beyond the largest.
  public func rounded(_ x: Double) -> Double {
    switch self {
    case .float64: return x
    case .float32: return Double(Float(x))
    case .float16: return rounded(x, precision: 11, smallestExponent: -14)
    case .bfloat16: return rounded(x, precision: 8, smallestExponent: -126)
    }
  }

  /// Rounds to `precision` significant bits; below the smallest exponent the spacing is fixed.
  private func rounded(_ x: Double, precision: Int, smallestExponent: Int) -> Double {
    guard x.isFinite, x != 0 else { return x }
    let exponent = max(Int(x.exponent), smallestExponent)
    let spacing = Double(sign: .plus, exponent: exponent - precision + 1, significand: 1)
    let nearest = (x / spacing).rounded(.toNearestOrEven) * spacing
    guard nearest.magnitude <= largestFinite else { return x < 0 ? -.infinity : .infinity }
    return nearest
  }
}
