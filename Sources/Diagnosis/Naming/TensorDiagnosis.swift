/// What is known about why one tensor differs.
public struct TensorDiagnosis: Sendable {
  /// Every cause that is proven, the most specific first; none where the error is unidentified.
  public var causes: [NamedCause]
  /// What the error looks like, where no cause is proven.
  public var portrait: ErrorPortrait?
  /// Who is wrong, where the definition could be asked.
  public var arbitration: Arbitration?

  /// Gathers a diagnosis.
  public init(
    causes: [NamedCause], portrait: ErrorPortrait? = nil, arbitration: Arbitration? = nil
  ) {
    self.causes = causes
    self.portrait = portrait
    self.arbitration = arbitration
  }

  /// The one cause that says most; nil where none is proven or several say as much.
  public var headline: NamedCause? {
    if let preferred, let cause = causes.first(where: { $0.id == preferred }) { return cause }
    return leading.count == 1 ? leading[0] : nil
  }

  /// Causes that fit equally well, so that this fixture cannot tell them apart; empty for one.
  public var indistinguishable: [NamedCause] { headline == nil ? leading : [] }

  /// The id of a proven cause that another tensor of the layer shows too; nil where none does.
  public private(set) var preferred: String?

  /// Decides between causes that fit this tensor by those that explain other tensors of the layer.
  ///
  /// One mistake in several tensors is likelier than several mistakes.
  public mutating func prefer(anyOf ids: Set<String>) {
    preferred = causes.first { ids.contains($0.id) }?.id
  }

  private var leading: [NamedCause] {
    causes.filter { $0.specificity == causes.map(\.specificity).min() }
  }

  /// The id of an error that no cause explains.
  public static let unidentified = "unidentified"

  /// How certain the name is.
  public var confidence: Confidence {
    if headline != nil { return .proven }
    return causes.isEmpty ? .unknown : .ambiguous
  }

  /// How certain a name is.
  public enum Confidence: String, Hashable, Sendable {
    /// One cause leads to the suspect to within rounding.
    case proven
    /// Several causes do, and this fixture cannot tell them apart.
    case ambiguous
    /// None does.
    case unknown
  }
}

/// A cause that explains a part of the error and not all of it.
public struct Candidate: Hashable, Sendable {
  /// The name of the cause.
  public var id: String
  /// Its variant.
  public var detail: String?
  /// The part of the root mean square error that it leaves, less than 1.
  public var remaining: Double
}
