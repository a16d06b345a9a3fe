public import LayerKit

/// A cause that has been proven: what it predicts agrees with the suspect to rounding.
public struct NamedCause: Hashable, Sendable {
  /// The stable name.
  public var id: String
  /// What to change, one sentence.
  public var advice: String
  /// The change as it is written in a framework, where there is such a line.
  public var remedies: [Framework: String]
  /// The fixture that shows this cause and no other; nil where none is stated.
  public var shownBy: String?
  /// How much the cause says.
  public var specificity: Cause.Specificity
  /// What sort of fault it is.
  public var nature: Cause.Nature
  /// The number that was fitted or the choice that was made.
  public var detail: String?
  /// The factor by which the prediction had to be multiplied; nil for none.
  public var factor: Double?
  /// The largest error that is left, as a multiple of its bound: at most 1.
  public var residual: Double
  /// How far the prediction lies from the right result, as a multiple of the bound: the larger, the
  /// more the mistake shows; infinite where the shape is another one.
  public var effect: Double

  /// Gathers what is known of a proven cause.
  public init(
    id: String, advice: String, remedies: [Framework: String] = [:], shownBy: String? = nil,
    specificity: Cause.Specificity = .structural, nature: Cause.Nature = .mistake,
    detail: String? = nil, factor: Double? = nil, residual: Double, effect: Double
  ) {
    self.id = id
    self.advice = advice
    self.remedies = remedies
    self.shownBy = shownBy
    self.specificity = specificity
    self.nature = nature
    self.detail = detail
    self.factor = factor
    self.residual = residual
    self.effect = effect
  }

  init(_ cause: Cause, _ prediction: Prediction, _ finding: Proof.Finding) {
    self.init(
      id: cause.id, advice: cause.advice, remedies: cause.remedies, shownBy: cause.shownBy,
      specificity: cause.specificity, nature: cause.nature,
      detail: prediction.detail, factor: finding.factor, residual: finding.residual,
      effect: finding.effect)
  }
}
