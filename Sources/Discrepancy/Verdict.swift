/// What a comparison means.
public enum Verdict: String, Hashable, Sendable, CaseIterable {
  /// Compared, and every difference is what rounding usually leaves.
  case agree
  /// Within the proven bound of rounding, but beyond what is usual; no failure.
  case warn
  /// A difference that rounding does not explain, or another shape.
  case differ
  /// NaN or infinity where the other side is finite, or without a cause in the input.
  case invalid
  /// Equal, but so empty that no error could have shown.
  case vacuous
  /// Nothing was there to compare, or it could not be computed.
  case notCompared = "not-compared"
  /// It agrees although the fixture expects it to fail.
  case surprise
  /// In the chained run only: the difference came in with the inputs.
  case inherited
  /// It differs, as the fixture expects.
  case expected

  /// The verdict on a tensor of the right shape.
  public init(_ comparison: Comparison) {
    if comparison.invalid > 0 {
      self = .invalid
    } else if comparison.beyondBound > 0 {
      self = .differ
    } else if comparison.informative == 0 {
      self = .vacuous
    } else if comparison.beyondBand == 0 && comparison.unproven == 0 {
      self = .agree
    } else {
      self = .warn
    }
  }

  /// How much a verdict matters when several are summed up in one.
  private var weight: Int {
    switch self {
    case .invalid: 8
    case .differ: 7
    case .surprise: 6
    case .expected: 5
    case .warn: 4
    case .agree: 3
    case .inherited: 2
    case .vacuous: 1
    case .notCompared: 0
    }
  }

  /// The verdict on a whole of which these are the parts: the gravest; agreement needs a part
  /// that agrees, and nothing at all was not compared.
  public static func summary(_ verdicts: some Sequence<Verdict>) -> Verdict {
    verdicts.max { $0.weight < $1.weight } ?? .notCompared
  }

  /// Whether the tensor failed.
  public var isFailure: Bool { self == .differ || self == .invalid }
}
