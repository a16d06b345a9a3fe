import Diagnosis
import Discrepancy
import Interchange
import LayerKit
import Reports
import Tensors

/// What the fixture's tensors of one layer would show of the known mistakes.
struct AdequacyTrial {
  private let layer: FixtureLayer
  private let side: ReferenceSide
  private let facts: LayerFacts

  init(_ layer: FixtureLayer, _ facts: LayerFacts, isLoss: Bool) {
    self.layer = layer
    self.facts = facts
    side = ReferenceSide(tree: layer.reference, isTwin: false, layer, isLoss: isLoss)
  }

  /// Examines every tensor that the fixture holds; what cannot be computed leaves a reason.
  func run() -> AdequacyReport {
    var report = AdequacyReport(layer: facts, visible: [], hidden: [], reason: nil)
    guard let kind = layer.layer else {
      let reason = TensorReport.Reason.unknownKind(layer.kind, closest: layer.closestKind)
      report.reason = reason.sentence
      return report
    }
    if let reason = RefusedTensors(layer).operandReason(for: side) {
      report.reason = reason.sentence
      return report
    }
    if let missing = side.inputs.firstIndex(where: { $0 == nil }) {
      report.reason = TensorReport.Reason.inputAbsent("input.\(missing)").sentence
      return report
    }
    do {
      let found = try examine(kind)
      report.visible = found.adequacy.visible
      report.hidden = found.adequacy.hidden.map { hidden in
        let spot = found.spots.first { $0.hides.contains(hidden.id) }
        return .init(id: hidden.id, reason: spot?.reason, shownBy: hidden.shownBy)
      }
    } catch {
      report.reason = TensorReport.Reason.unusable(error).sentence
    }
    return report
  }

  private func examine(_ kind: AnyLayer) throws -> (adequacy: Adequacy, spots: [BlindSpot]) {
    let operands = try side.operands(as: Double.self)
    try kind.double.checkValues(operands)
    let upstream = (try? side.upstream(as: Double.self).get()) ?? []
    let formats = ComparisonFormats(ours: .float64, reference: side.format)
    var adequacy = Adequacy()
    for tensor in side.present where !tensor.isGradient || !upstream.isEmpty {
      guard let computed = try kind.compute(tensor, operands, upstream) else { continue }
      let evidence = Evidence(
        tensor, suspect: computed, computed: computed, operands: operands, upstream: upstream,
        layer: kind, rounding: formats.rounding, format: formats.reference)
      let question = BoundQuestion(
        tensor, operands: operands, upstream: tensor.isGradient ? upstream : [],
        computed: computed, rounding: formats.rounding)
      adequacy.examine(evidence, tolerance: Tolerance(try kind.bound(question), formats))
    }
    let spots =
      kind.double.blindSpots(operands, upstream)
      + GeneralBlindSpots.find(operands, upstream: upstream)
    return (adequacy, spots)
  }
}
