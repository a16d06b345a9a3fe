import Discrepancy
import Interchange
import LayerKit
import Network
import Reports
import Text

/// One case as it is told: its network first, then layer by layer what was found.
struct CaseVerification {
  /// The case.
  let fixtureCase: FixtureCase
  /// The layers that are verified, by position.
  let chosen: [Int]
  /// What is said of each layer, by position.
  let facts: [LayerFacts]
  private let fixture: Fixture
  private let options: VerificationOptions
  private var chained = ChainedFindings()
  private var differing: Set<Int> = []
  private var isolated: [Int: [TensorReport]] = [:]
  private var hidden = HiddenMistakes()

  /// Prepares a case; nil where none of its layers is asked for.
  init?(_ fixtureCase: FixtureCase, of fixture: Fixture, options: VerificationOptions) {
    chosen = fixtureCase.layers.indices.filter { position in
      let name = fixtureCase.layers[position].name.utf8
      return options.layers.isEmpty || options.layers.contains { $0.utf8.elementsEqual(name) }
    }
    guard !chosen.isEmpty else { return nil }
    self.fixtureCase = fixtureCase
    self.fixture = fixture
    self.options = options
    facts = fixtureCase.layers.map { layer in
      LayerFacts(
        fixture: fixture.path, caseName: fixtureCase.name, name: layer.name, kind: layer.kind,
        source: layer.source?.validated, expectedFailure: layer.expectedFailure?.validated)
    }
  }

  /// Everything that is found about one of the chosen layers by itself.
  func findings(of position: Int) -> LayerFindings {
    LayerFindings(of: position, in: fixtureCase, facts[position], options: options)
  }

  /// Tells that the case begins, and runs its network.
  mutating func begin(_ report: (Event) throws -> Void) throws {
    let rows = chosen.map { facts[$0] } + (trajectory.map { [$0.facts] } ?? [])
    try report(.caseBegan(name: fixtureCase.name, layers: rows))
    guard isChained else { return }
    chained = try ChainedTrial(fixtureCase).run { try report(.progress("chained: \($0)")) }
  }

  /// Tells what was found about the next of the chosen layers.
  mutating func tell(
    _ found: LayerFindings, of position: Int, _ arrays: inout ArrayTelling,
    _ report: (Event) throws -> Void
  ) throws {
    if let explanation = found.explanation { try report(.explanation(explanation)) }
    if let adequacy = found.adequacy { try report(.adequacy(adequacy)) }
    hidden.add(found.blindSpots)
    if options.isCorrected { isolated[position] = found.tensors }
    if found.hasDifferingOutput { differing.insert(position) }
    let beside = chained.reports(
      of: position, beside: found.tensors,
      origin: chained.origin(of: position, among: differing))
    try report(
      .layer(
        LayerReport(
          layer: facts[position], verdict: found.tensors.verdict, tensors: found.tensors,
          chained: beside, blindSpots: found.blindSpots)))
    let trial = LayerTrial(
      fixtureCase.layers[position], in: fixtureCase, at: position, options: options)
    try arrays.tell(trial, found.tensors, facts[position], report)
  }

  /// Tells what concerns the case as a whole, behind its layers.
  func end(_ report: (Event) throws -> Void) throws {
    if let note = hidden.note, !options.tellsAdequacy { try report(.note(note)) }
    if options.isCorrected, isChained {
      let corrected = CorrectedTrial(fixtureCase, facts, isolated: isolated)
      try report(.correction(corrected.run(beside: chained) { try report(.progress($0)) }))
    }
    if let trajectory {
      try report(.layer(trajectory.run { try report(.progress($0)) }))
    }
  }

  private var isChained: Bool {
    let isNetwork = fixtureCase.layers.contains { $0.connections != nil }
    return options.isChained && isNetwork && options.layers.isEmpty
  }

  /// The trajectory of the case, which has a row of its own behind those of the layers.
  private var trajectory: TrajectoryTrial? {
    guard options.layers.isEmpty, let trajectory = fixtureCase.trajectory else { return nil }
    return TrajectoryTrial(
      fixtureCase, trajectory,
      LayerFacts(
        fixture: fixture.path, caseName: fixtureCase.name, name: TrajectoryTrial.name,
        kind: fixtureCase.update?.optimizer.kind ?? "", source: nil, expectedFailure: nil))
  }
}
