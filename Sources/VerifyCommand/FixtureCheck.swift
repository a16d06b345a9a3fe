import HDF5File
import Interchange
import LayerKit
import Reports
import Text
import Verification

/// Verifies fixtures one after the other and keeps count.
///
/// A fixture that cannot be used is one event with all its problems, and the next one follows.
struct FixtureCheck {
  private let plugins: LoadedPlugins
  private let options: VerificationOptions
  private let reading: ReadOptions
  private let weights: WeightSubstitution?
  private let arrays: String?
  private var summary = Summary()

  init(
    plugins: LoadedPlugins, options: VerificationOptions, reading: ReadOptions,
    weights: WeightSubstitution? = nil, arrays: String? = nil
  ) {
    self.plugins = plugins
    self.options = options
    self.reading = reading
    self.weights = weights
    self.arrays = arrays
  }

  /// Reports the shared libraries that cannot be used; what else there is to verify follows.
  mutating func rejectPlugins(_ report: (Event) throws -> Void) throws {
    for (path, problem) in plugins.problems {
      summary.countUnusable(newFixture: false)
      try report(.unusable(fixture: path, problems: [problem]))
    }
    try warnAboutPlugins(report)
  }

  private func warnAboutPlugins(_ report: (Event) throws -> Void) throws {
    for warning in plugins.takeWarnings() { try report(.warning(warning)) }
  }

  mutating func run(
    _ path: String, hashing: Bool, verbose: Bool, _ report: (Event) throws -> Void
  ) throws {
    var fixture: Fixture
    do {
      fixture = try Fixture(path: path, registry: plugins.registry, options: reading)
    } catch {
      summary.countUnusable(newFixture: true)
      try report(.unusable(fixture: path, problems: Self.problems(error)))
      return
    }
    summary.beginFixture()
    try report(.fixture(facts(of: fixture, hashing: hashing)))
    for warning in Self.warnings(about: fixture, verbose: verbose) { try report(.warning(warning)) }
    if let problem = missingLayer(in: fixture) {
      summary.countUnusable(newFixture: false)
      try report(.unusable(fixture: path, problems: [problem]))
    }
    if let weights {
      let problems = try weights.apply(to: &fixture, report)
      if !problems.isEmpty {
        summary.countUnusable(newFixture: false)
        try report(.unusable(fixture: weights.path, problems: problems))
        return
      }
    }
    var options = options
    // A library is one process that is asked by one at a time, and its warnings belong to a layer.
    options.isSideBySide = plugins.libraries.isEmpty
    try FixtureVerification(fixture, options: options).run { event in
      if case .layer(let layer) = event { summary.count(layer) }
      if case .correction(let correction) = event { summary.count(correction) }
      try report(event)
      if case .layer = event { try warnAboutPlugins(report) }
      try Interruption.check()
    }
    // A digest that cannot be taken is of a file that can no longer be read, which shows here.
    do {
      try fixture.file.verifyUnchanged()
    } catch {
      summary.countUnusable(newFixture: false)
      try report(.unusable(fixture: path, problems: Self.problems(error)))
    }
  }

  /// Notes that the run was ended before all was verified.
  mutating func interrupt() { summary.interrupt() }

  /// Reports the summary and returns the exit status.
  mutating func finish(_ report: (Event) throws -> Void) throws -> Int32 {
    summary.endFixture()
    try report(.summary(summary))
    return summary.exitStatus
  }

  private func facts(of fixture: Fixture, hashing: Bool) -> FixtureFacts {
    let first = fixture.cases.first
    return FixtureFacts(
      path: fixture.path, producer: first?.producer?.validated,
      provenance: first?.provenance?.validated,
      sha256: hashing ? try? fixture.file.sha256() : nil, cases: fixture.cases.count,
      arrays: arrays)
  }

  /// The sentence about a layer that was asked for and that no case of the fixture has.
  private func missingLayer(in fixture: Fixture) -> String? {
    let names = Set(fixture.cases.flatMap { $0.layers.map { Array($0.name.utf8) } })
    guard let missing = options.layers.first(where: { !names.contains(Array($0.utf8)) }) else {
      return nil
    }
    let known = fixture.cases.flatMap { $0.layers.map(\.name) }
    let closest = NearMiss.closest(to: missing, among: known).map { UntrustedText($0).terminal }
    return "no layer is named `\(UntrustedText(missing).terminal)`"
      + (closest.map { "; did you mean `\($0)`?" } ?? ": without `--layer` all are listed")
  }

  private static func problems(_ error: any Error) -> [String] {
    if let error = error as? FixtureError { return error.problems.map { "\($0)" } }
    if let error = error as? HDF5Error { return [error.clause] }
    return ["\(error)"]
  }

  private static func warnings(about fixture: Fixture, verbose: Bool) -> [Warning] {
    var warnings = fixture.file.remarks.map { Warning(id: "file-remark", text: "\($0)") }
    if verbose && !fixture.ignored.isEmpty {
      let names = fixture.ignored.map { UntrustedText($0).terminal }.joined(separator: ", ")
      warnings.append(Warning(id: "ignored", text: "ignored in the file: \(names)"))
    }
    return warnings
  }
}
