/// A network as a whole, run again with the differing tensors as the other side has them.
public struct CorrectionReport: Sendable {
  /// What was put in, in the order of the network.
  public var corrections: [Applied]
  /// The tensors that lay off the reference in the chained run, or do now.
  public var rows: [Row]

  /// Gathers what came of the second run.
  public init(corrections: [Applied], rows: [Row]) {
    self.corrections = corrections
    self.rows = rows
  }

  /// A tensor that differs by itself, and what the second run went on with.
  public struct Applied: Sendable {
    /// The layer.
    public var layer: LayerFacts
    /// The dataset's path below `reference`.
    public var path: String
    /// The cause, or `unidentified`.
    public var cause: String
    /// What was put in its place.
    public var means: Means
    /// Whether it then agrees with the reference, where it was computed.
    public var agrees: Bool?

    /// Gathers the facts about a correction.
    public init(layer: LayerFacts, path: String, cause: String, means: Means, agrees: Bool?) {
      self.layer = layer
      self.path = path
      self.cause = cause
      self.means = means
      self.agrees = agrees
    }
  }

  /// What stands in the place of a tensor.
  public enum Means: String, Sendable {
    /// What the named mistake makes of this run's own numbers.
    case replayed
    /// What the layer's definition makes of this run's own numbers: the other side is right.
    case definition
    /// What the reference recorded, since the cause cannot be computed anew.
    case recorded
    /// Nothing: the run does not compute this tensor, or the reference has another shape.
    case none
  }

  /// A tensor of the network before and after.
  public struct Row: Sendable {
    /// The layer.
    public var layer: LayerFacts
    /// The dataset's path below `reference`.
    public var path: String
    /// How far it lay from the reference, in the maximum norm.
    public var before: Double
    /// How far it lies now.
    public var after: Double
    /// How far rounding along the way can be seen to carry it.
    public var limit: Double
    /// The corrections that reach it, as positions in `corrections`; empty where it still lies off.
    public var explainedBy: [Int]

    /// Gathers the facts about a tensor.
    public init(
      layer: LayerFacts, path: String, before: Double, after: Double, limit: Double,
      explainedBy: [Int]
    ) {
      self.layer = layer
      self.path = path
      self.before = before
      self.after = after
      self.limit = limit
      self.explainedBy = explainedBy
    }

    /// Whether it lay off without the corrections; NaN does.
    public var wasOff: Bool { !(before <= limit) || !limit.isFinite }

    /// Whether the corrections explain it.
    public var isExplained: Bool { !explainedBy.isEmpty }
  }

  /// How many tensors lay off and are explained.
  public var explained: Int { rows.count { $0.isExplained } }

  /// How many tensors lay off and still do.
  public var unexplained: Int { rows.count { $0.wasOff && !$0.isExplained } }

  /// How many tensors agree without the corrections alone: the reference did not go on with what it
  /// recorded there.
  public var putOff: Int { rows.count { !$0.wasOff } }
}
