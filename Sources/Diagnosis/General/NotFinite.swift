import LayerKit
import Tensors

/// NaN or infinity where the right result is finite, which prove nothing else.
struct NotFinite {
  static let id = "not-finite"
  private let evidence: Evidence

  init(_ evidence: Evidence) { self.evidence = evidence }

  /// The cause, with the first such element and how many there are; nil where all is finite.
  var cause: NamedCause? {
    let suspect = evidence.suspect
    let places = suspect.elements.indices.filter { place in
      guard !suspect[place].isFinite else { return false }
      return suspect.shape != evidence.computed.shape || evidence.computed[place].isFinite
    }
    guard let first = places.first else { return nil }
    let index = suspect.shape.index(at: first)
    return NamedCause(
      id: Self.id,
      advice: "the numbers have left the range of the format, or 0/0 or ∞ − ∞ was formed: look at "
        + "the first such element",
      specificity: .general,
      detail: "\(places.count) elements, the first at \(index) is \(suspect[first])",
      residual: 0, effect: .infinity)
  }
}
