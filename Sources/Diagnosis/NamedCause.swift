/// A cause that has been proven: what it predicts agrees with the suspect to rounding.
public struct NamedCause: Hashable, Sendable {
  /// The stable name.
  public var id: String
  /// What to change, one sentence.
  public var advice: String
  /// The number that was fitted or the choice that was made.
  public var detail: String?
  /// The factor by which the prediction had to be multiplied; nil for none.
  public var factor: Double?
  /// The largest error that is left, as a multiple of its bound: at most 1.
  public var residual: Double
  /// How far the prediction lies from the right result, as a multiple of the bound: the larger, the
  /// more the mistake shows.
  public var effect: Double

  /// Gathers what is known of a proven cause.
  public init(
    id: String, advice: String, detail: String? = nil, factor: Double? = nil, residual: Double,
    effect: Double
  ) {
    self.id = id
    self.advice = advice
    self.detail = detail
    self.factor = factor
    self.residual = residual
    self.effect = effect
  }
}
