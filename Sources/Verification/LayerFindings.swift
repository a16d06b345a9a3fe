import Discrepancy
import Interchange
import LayerKit
import Reports

/// All that is found about one layer by itself.
struct LayerFindings: Sendable {
  let explanation: LayerExplanation?
  let adequacy: AdequacyReport?
  let tensors: [TensorReport]
  /// What the fixture cannot show of the layer.
  let blindSpots: [BlindSpot]

  /// Verifies the layer; it depends on the fixture alone, so layers may be verified side by side.
  init(
    of position: Int, in fixtureCase: FixtureCase, _ facts: LayerFacts,
    options: VerificationOptions
  ) {
    let layer = fixtureCase.layers[position]
    let isLoss = fixtureCase.lossLayer == position
    let isExplained = options.explained.contains { $0.utf8.elementsEqual(layer.name.utf8) }
    explanation = isExplained ? ExplanationTrial(layer, facts, isLoss: isLoss).run() : nil
    adequacy = options.tellsAdequacy ? AdequacyTrial(layer, facts, isLoss: isLoss).run() : nil
    var spots: [BlindSpot] = []
    tensors = LayerTrial(layer, in: fixtureCase, at: position, options: options)
      .run(noting: &spots)
    blindSpots = spots
  }

  /// Whether what the layer hands on to later layers is wrong: a gradient is the end of its path.
  var hasDifferingOutput: Bool {
    tensors.contains {
      $0.path.hasPrefix("output") && ($0.verdict.isFailure || $0.verdict == .expected)
    }
  }
}
