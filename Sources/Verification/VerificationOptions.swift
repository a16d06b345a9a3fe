/// What a user asks of a verification.
public struct VerificationOptions: Sendable {
  /// The precision to compute with.
  public enum Precision: String, Sendable, CaseIterable {
    /// Always double: the bound is then that of the reference alone.
    case float64
    /// Always single.
    case float32
    /// Double where the reference is stored in double, otherwise single.
    case reference
  }

  /// The precision to compute with.
  public var precision: Precision
  /// The layers to verify; empty for all.
  public var layers: [String]
  /// The layers to explain before their verdicts.
  public var explained: [String]
  /// Whether the network is run as a whole too.
  public var isChained: Bool
  /// Whether it is looked for why a tensor differs.
  public var isDiagnosed: Bool
  /// Whether it is told, before the verdict of each layer, which mistakes its tensors would show.
  public var tellsAdequacy: Bool
  /// The tensors to tell element by element; nil for none.
  public var arrays: ArraySelection?

  /// Whether the network is run as a whole once more, with what differs by itself corrected.
  public var isCorrected: Bool
  /// Whether layers may be verified side by side; what is told does not depend on it.
  public var isSideBySide: Bool

  /// Asks for a verification.
  public init(
    precision: Precision = .float64, layers: [String] = [], explained: [String] = [],
    isChained: Bool = true, isDiagnosed: Bool = true, tellsAdequacy: Bool = false,
    arrays: ArraySelection? = nil, isCorrected: Bool = false, isSideBySide: Bool = true
  ) {
    self.precision = precision
    self.layers = layers
    self.explained = explained
    self.isChained = isChained
    self.isDiagnosed = isDiagnosed
    self.tellsAdequacy = tellsAdequacy
    self.arrays = arrays
    self.isCorrected = isCorrected
    self.isSideBySide = isSideBySide
  }
}
