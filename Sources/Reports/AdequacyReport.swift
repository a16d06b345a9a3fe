/// Which of the known mistakes the tensors of a layer would show.
public struct AdequacyReport: Sendable {
  /// The layer.
  public var layer: LayerFacts
  /// The ids of the mistakes that would show.
  public var visible: [String]
  /// The mistakes that would not.
  public var hidden: [Hidden]
  /// Why nothing is known; a clause that is safe for a terminal.
  public var reason: String?

  /// Gathers what is known of a layer.
  public init(layer: LayerFacts, visible: [String], hidden: [Hidden], reason: String?) {
    self.layer = layer
    self.visible = visible
    self.hidden = hidden
    self.reason = reason
  }

  /// A mistake that would stay unseen.
  public struct Hidden: Hashable, Sendable {
    /// Its id.
    public var id: String
    /// What hides it, a few words; nil where that is not known.
    public var reason: String?
    /// The fixture that would show it; nil where that is not known.
    public var shownBy: String?

    /// Names a mistake that would stay unseen.
    public init(id: String, reason: String?, shownBy: String?) {
      self.id = id
      self.reason = reason
      self.shownBy = shownBy
    }
  }
}
