import LayerKit
import Tensors

extension AdjointIdentity: CustomStringConvertible {
  public var description: String { "\(gradient) \(finding)" }

  /// Both sides, in the words of the author of the backward pass, as a predicate of the gradient.
  var finding: String {
    if right.isNaN, shape.count > 0 { return "is missing, NaN, or of another shape" }
    guard isDecided else {
      return "could not be judged: in \(undecided) of \(directions) directions the differences of "
        + "the forward pass have no limit, as if it jumped or were rounded"
    }
    switch direction {
    case .element(let offset):
      return "is \(right) at \(shape.index(at: offset)), where the derivative of the definition is "
        + "\(left)\(margin)"
    case .random:
      return "gives ⟨v, Jᵀ·u⟩ = \(right) in a random direction, in which the derivative of the "
        + "definition is ⟨J·v, u⟩ = \(left)\(margin)"
    }
  }

  /// How sure the left side is.
  private var margin: String {
    source == .dualNumbers ? "" : " ± \(uncertainty) by \(source.rawValue)"
  }
}
