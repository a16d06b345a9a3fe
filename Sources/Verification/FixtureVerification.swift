import Discrepancy
import HDF5File
public import Interchange
import LayerKit
import Network
public import Reports
import Text

/// Verifies the layers of a fixture one after the other, telling a sink what is found.
///
/// One layer is in memory at a time. Where the layers form a network, it is first run as a whole,
/// so that what the chained run says can stand beside the verdict of each layer.
public struct FixtureVerification {
  private let fixture: Fixture
  private let options: VerificationOptions

  /// Prepares to verify a fixture.
  public init(_ fixture: Fixture, options: VerificationOptions) {
    self.fixture = fixture
    self.options = options
  }

  /// Verifies each case and reports each layer, in the order of the network.
  ///
  /// Throws only what stops the work as a whole: a sink that cannot be written, a full disk.
  public func run(_ report: (Event) throws -> Void) throws {
    var arrays = ArrayTelling(options.arrays)
    for fixtureCase in fixture.cases {
      let chosen = fixtureCase.layers.indices.filter { isChosen(fixtureCase.layers[$0]) }
      guard !chosen.isEmpty else { continue }
      let facts = fixtureCase.layers.map { self.facts(of: $0, in: fixtureCase) }
      let trajectory = options.layers.isEmpty ? trajectory(of: fixtureCase) : nil
      let rows = chosen.map { facts[$0] } + (trajectory.map { [$0.facts] } ?? [])
      try report(.caseBegan(name: fixtureCase.name, layers: rows))
      let chained = try chain(fixtureCase, report)
      var differing: Set<Int> = []
      var isolated: [Int: [TensorReport]] = [:]
      var hidden = HiddenMistakes()
      for position in chosen {
        let layer = fixtureCase.layers[position]
        try report(.progress(layer.name))
        if options.explained.contains(where: { $0.utf8.elementsEqual(layer.name.utf8) }) {
          let isLoss = fixtureCase.lossLayer == position
          let explanation = ExplanationTrial(layer, facts[position], isLoss: isLoss)
          try report(.explanation(explanation.run()))
        }
        if options.tellsAdequacy {
          let isLoss = fixtureCase.lossLayer == position
          let adequacy = AdequacyTrial(layer, facts[position], isLoss: isLoss)
          try report(.adequacy(adequacy.run()))
        }
        let trial = LayerTrial(layer, in: fixtureCase, at: position, options: options)
        var spots: [BlindSpot] = []
        let tensors = trial.run(noting: &spots)
        hidden.add(spots)
        if options.isCorrected { isolated[position] = tensors }
        let verdict = tensors.verdict
        // Only a wrong output goes on to later layers: a gradient is the end of its path.
        let outputs = tensors.filter { $0.path.hasPrefix("output") }
        if outputs.contains(where: { $0.verdict.isFailure || $0.verdict == .expected }) {
          differing.insert(position)
        }
        let found = chained.reports(
          of: position, beside: tensors, origin: chained.origin(of: position, among: differing))
        try report(
          .layer(
            LayerReport(
              layer: facts[position], verdict: verdict, tensors: tensors, chained: found,
              blindSpots: spots)))
        try arrays.tell(trial, tensors, facts[position], report)
      }
      if let note = hidden.note, !options.tellsAdequacy { try report(.note(note)) }
      if options.isCorrected, isChained(fixtureCase) {
        let corrected = CorrectedTrial(fixtureCase, facts, isolated: isolated)
        try report(.correction(corrected.run(beside: chained) { try report(.progress($0)) }))
      }
      if let trajectory {
        try report(.layer(trajectory.run { try report(.progress($0)) }))
      }
    }
    try arrays.finish(report)
  }

  /// The trajectory of a case, which has a row of its own behind those of the layers.
  private func trajectory(of fixtureCase: FixtureCase) -> TrajectoryTrial? {
    fixtureCase.trajectory.map { trajectory in
      TrajectoryTrial(
        fixtureCase, trajectory,
        LayerFacts(
          fixture: fixture.path, caseName: fixtureCase.name, name: TrajectoryTrial.name,
          kind: fixtureCase.update?.optimizer.kind ?? "", source: nil, expectedFailure: nil))
    }
  }

  private func isChosen(_ layer: FixtureLayer) -> Bool {
    options.layers.isEmpty || options.layers.contains { $0.utf8.elementsEqual(layer.name.utf8) }
  }

  private func facts(of layer: FixtureLayer, in fixtureCase: FixtureCase) -> LayerFacts {
    LayerFacts(
      fixture: fixture.path, caseName: fixtureCase.name, name: layer.name, kind: layer.kind,
      source: layer.source?.validated, expectedFailure: layer.expectedFailure?.validated)
  }

  private func isChained(_ fixtureCase: FixtureCase) -> Bool {
    let isNetwork = fixtureCase.layers.contains { $0.connections != nil }
    return options.isChained && isNetwork && options.layers.isEmpty
  }

  private func chain(
    _ fixtureCase: FixtureCase, _ report: (Event) throws -> Void
  ) throws -> ChainedFindings {
    guard isChained(fixtureCase) else { return ChainedFindings() }
    return try ChainedTrial(fixtureCase).run { try report(.progress("chained: \($0)")) }
  }
}
