/// Mistakes that a configuration or its data cannot show, and why.
public struct BlindSpot: Hashable, Sendable {
  /// What the layer has, `stride 1`; a few words.
  public let reason: String
  /// The ids of the causes that are invisible then, or look like another one.
  public let hides: [String]

  /// Names what is invisible and why.
  public init(_ reason: String, hides: [String]) {
    self.reason = reason
    self.hides = hides
  }
}
