/// Who is wrong where two results differ, by a third opinion: the definition of the layer.
public struct Arbitration: Sendable {
  /// Who is wrong; nil where the definition agrees with neither side.
  public var blame: Blame?
  /// Where the third value comes from.
  public var basis: Basis
  /// The elements that were asked for, the worst first, with the three values side by side.
  public var elements: [Element]
  /// Why nobody is wrong, or why nothing can be said; nil where the blame says it all.
  public var reason: String?
  /// Whether what differs is no mistake at any element, so that the tensor does not fail.
  public var isExcused: Bool

  /// Gathers what the definition says.
  public init(
    blame: Blame?, basis: Basis, elements: [Element], reason: String? = nil,
    isExcused: Bool = false
  ) {
    self.blame = blame
    self.basis = basis
    self.elements = elements
    self.reason = reason
    self.isExcused = isExcused
  }

  /// Who is wrong.
  public enum Blame: String, Hashable, Sendable {
    /// This toolkit, or the plug-in that it runs.
    case ours
    /// The reference.
    case reference
    /// Nobody: there is no derivative, or rounding explains it.
    case nobody
  }

  /// Where the third value comes from.
  public enum Basis: String, Hashable, Sendable {
    /// The textbook forward in double precision.
    case definition
    /// Its exact derivative in dual numbers.
    case derivative
    /// Differences of the layer's own forward pass.
    case differences
  }

  /// One element by three computations.
  public struct Element: Hashable, Sendable {
    /// Its row-major offset.
    public var offset: Int
    /// What was computed here.
    public var ours: Double
    /// What the reference holds.
    public var reference: Double
    /// What the definition gives.
    public var definition: Double
    /// How far rounding may move either side from it.
    public var bound: Double

    /// Which of the two sides lie off the definition.
    var wrong: (ours: Bool, reference: Bool) {
      (
        !((ours - definition).magnitude <= bound), !((reference - definition).magnitude <= bound)
      )
    }
  }
}
