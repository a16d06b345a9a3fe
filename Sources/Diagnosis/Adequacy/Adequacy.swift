public import Discrepancy
public import LayerKit
import Tensors

/// Which of the known mistakes the tensors of one layer would show.
///
/// A mistake shows where what it leads to lies visibly off the right result; so the right result is
/// all that is needed, and the list is right for the causes of strangers as well. Mistakes that are
/// found by fitting a number to a wrong result are left out: before there is one, nothing is known.
public struct Adequacy: Sendable {
  private var order: [String] = []
  private var effects: [String: Double] = [:]
  private var needs: [String: String] = [:]

  /// Nothing examined yet.
  public init() {}

  /// Takes in one tensor; `evidence.suspect` is the right result itself.
  public mutating func examine(_ evidence: Evidence, tolerance: Tolerance) {
    let proof = Proof(evidence, tolerance: tolerance)
    let own = evidence.layer.causes.filter { $0.specificity != .fitted }
    let general = GeneralCauses.visibleInResults.filter { cause in
      !own.contains { $0.id == cause.id }
    }
    for (cause, isOwn) in own.map({ ($0, true) }) + general.map({ ($0, false) }) {
      let predictions = cause.predictions(evidence)
      // What can befall any kind and not this tensor is no shortcoming of the fixture.
      guard isOwn || !predictions.isEmpty else { continue }
      if effects[cause.id] == nil { order.append(cause.id) }
      let effect = predictions.compactMap(proof.effect).max() ?? 0
      effects[cause.id] = max(effects[cause.id] ?? 0, effect)
      needs[cause.id] = needs[cause.id] ?? cause.shownBy
    }
  }

  /// The mistakes that would show.
  public var visible: [String] { order.filter { shows($0) } }

  /// The mistakes that would not, and the fixture that would show them where that is known.
  public var hidden: [(id: String, shownBy: String?)] {
    order.filter { !shows($0) }.map { ($0, needs[$0]) }
  }

  private func shows(_ id: String) -> Bool { (effects[id] ?? 0) >= Proof.visibleEffect }
}
