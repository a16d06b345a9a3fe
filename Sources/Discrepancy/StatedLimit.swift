public import Tensors

/// What two stored numbers may lie apart where no operation is known from which a bound follows.
public enum StatedLimit: Hashable, Sendable {
  /// Equal bits; where the formats differ, one rounding of the coarser one.
  case storage
  /// A number of units in the last place of B, in the coarser of both formats.
  case ulps(Double)
  /// |A − B| ≤ absolute + relative · |B|.
  case tolerance(relative: Double, absolute: Double)

  /// The rule in words, for tensors of two formats.
  public func description(_ a: NumberFormat, _ b: NumberFormat) -> String {
    let coarser = NumberFormat.coarser(a, b).rawValue
    switch self {
    case .storage: return a == b ? "equal bits" : "one rounding of \(coarser)"
    case .ulps(let count): return "\(Self.text(count)) ulp of \(coarser)"
    case .tolerance: return description
    }
  }
}

extension StatedLimit: CustomStringConvertible {
  public var description: String {
    switch self {
    case .storage: "equal bits, or one rounding of the coarser format where formats differ"
    case .ulps(let count): "\(Self.text(count)) ulp of the coarser format"
    case .tolerance(let relative, let absolute):
      "|A − B| ≤ \(Self.text(absolute)) + \(Self.text(relative))·|B|"
    }
  }

  /// A whole number without a fraction.
  private static func text(_ value: Double) -> String {
    value == value.rounded() && value < 1e15 ? String(Int(value)) : value.description
  }
}

extension NumberFormat {
  /// Of two formats the one with the larger unit roundoff.
  public static func coarser(_ a: NumberFormat, _ b: NumberFormat) -> NumberFormat {
    a.unitRoundoff >= b.unitRoundoff ? a : b
  }
}
