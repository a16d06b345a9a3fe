import LayerKit
import Tensors

/// Where an elementwise layer has no derivative, every number between its one-sided derivatives is
/// as right as another: then nobody is wrong.
struct Kinks {
  private let evidence: Evidence
  private let limits: Tensor<Double>

  init(_ evidence: Evidence, _ limits: Tensor<Double>) {
    self.evidence = evidence
    self.limits = limits
  }

  /// The arbitration, if each wrong element stands at a kink and lies between its sides.
  func arbitration(ours: Tensor<Double>, wrong: [Int]) -> Arbitration? {
    guard case .inputGradient(let index) = evidence.tensor, !wrong.isEmpty,
      evidence.layer.signature.traits.contains(.elementwise),
      evidence.operands.inputs.count == 1, evidence.upstream.count == 1,
      evidence.upstream[0].shape == ours.shape
    else { return nil }
    let points = evidence.layer.kinks.compactMap { kink -> Double? in
      if case .point(let input, _) = kink { input } else { nil }
    }
    let x = evidence.operands.inputs[index]
    guard wrong.allSatisfy({ points.contains(x[$0]) }) else { return nil }
    let sides = [slopes(x.map(\.nextUp)), slopes(x.map(\.nextDown))].compactMap { $0 }
    guard sides.count == 2 else { return nil }
    for place in wrong {
      let upstream = evidence.upstream[0][place]
      let (a, b) = (sides[0][place] * upstream, sides[1][place] * upstream)
      // The constants of the kink itself may be rounded, so the bound is as wide as either side.
      let slack = limits[place] + 1e-6 * max(a.magnitude, b.magnitude)
      let value = evidence.suspect[place]
      guard value >= min(a, b) - slack, value <= max(a, b) + slack else { return nil }
    }
    let count = wrong.count == 1 ? "1 element" : "\(wrong.count) elements"
    return Arbitration(
      blame: .nobody, basis: .derivative,
      elements: wrong.prefix(1).map {
        Arbitration.Element(
          offset: $0, ours: ours[$0], reference: evidence.suspect[$0], definition: ours[$0],
          bound: limits[$0])
      },
      reason: "\(count) at x = \(x[wrong[0]]), where \(evidence.layer.signature.kind) has no "
        + "derivative: any value between those of its two sides is right",
      isExcused: true)
  }

  /// f′ at each element of other inputs, all at once: each output depends on its own input alone.
  private func slopes(_ x: Tensor<Double>) -> Tensor<Double>? {
    let dual: (@Sendable (Operands<Dual>) -> Results<Dual>)? = evidence.layer.defineDual
    guard let dual else { return nil }
    var operands = evidence.operands.mapTensors { $0.map { Dual($0) } }
    operands.inputs[0] = x.map { Dual($0, derivative: 1) }
    let outputs = dual(operands).outputs
    guard outputs.count == 1, outputs[0].shape == x.shape else { return nil }
    return outputs[0].map(\.derivative)
  }
}
