/// A known way of computing a layer wrongly: a name, and what the wrong computation would give.
///
/// A cause is tried only on a tensor that differs. It predicts, from the layer's own operands, the
/// tensor that the mistake leads to; the mistake is named only if that prediction agrees with the
/// suspect tensor to rounding and lies visibly off the right result. A cause that cannot apply (no
/// stride to ignore, one sample only) predicts nothing.
public struct Cause: Sendable {
  /// The stable name, `kernel-rotated-180`; one of a plug-in carries its prefix, `acme.slope`.
  public let id: String
  /// What was done wrongly and what to change, one sentence in the user's words.
  public let advice: String
  /// The change as it is written in a framework, where there is such a line.
  public let remedies: [Framework: String]
  /// The fixture that shows this cause and no other, for the case that several fit; nil for none.
  public let shownBy: String?
  /// How the report orders causes that hold at once: the specific ones first.
  public let specificity: Specificity
  /// What sort of fault it is.
  public let nature: Nature
  private let hypothesis: @Sendable (Evidence) -> [Prediction]

  /// Describes a cause.
  ///
  /// - Parameters:
  ///   - id: The stable name.
  ///   - advice: What was done wrongly and what to change.
  ///   - remedies: The change as it is written in a framework.
  ///   - shownBy: The fixture that shows this cause and no other: "a batch of 3 samples or more".
  ///   - specificity: How much the cause says.
  ///   - nature: What sort of fault it is.
  ///   - hypothesis: The tensors that the mistake may lead to; none where it cannot apply.
  public init(
    _ id: String, advice: String, remedies: [Framework: String] = [:], shownBy: String? = nil,
    specificity: Specificity = .structural, nature: Nature = .mistake,
    predict hypothesis: @escaping @Sendable (Evidence) -> [Prediction]
  ) {
    self.id = id
    self.advice = advice
    self.remedies = remedies
    self.shownBy = shownBy
    self.specificity = specificity
    self.nature = nature
    self.hypothesis = hypothesis
  }

  /// The tensors that the mistake may lead to, likeliest first; none where it cannot apply.
  public func predictions(_ evidence: Evidence) -> [Prediction] { hypothesis(evidence) }

  /// What sort of fault a cause is.
  public enum Nature: Hashable, Sendable {
    /// Somebody's mistake.
    case mistake
    /// A choice that is free where no derivative exists: nobody's, and no failure.
    case convention
    /// Numbers that were shortened on the way: nobody's, but not what the file says of them.
    case rounding
  }

  /// How much a cause says, from most to least.
  public enum Specificity: Int, Hashable, Sendable, Comparable {
    /// It explains what a more general cause would explain too.
    case specific
    /// A particular wrong computation.
    case structural
    /// A factor with a name: a sum in the place of a mean.
    case namedFactor
    /// A number that was fitted.
    case fitted
    /// It says that something is wrong, and hardly what.
    case general

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }
}
