import Discrepancy
import FileComparison
import HDF5File
import Interchange
import LayerKit
import Reports
import Tensors
import Text
import Verification

/// Compares two files and keeps count.
struct PairCheck {
  let registry: LayerRegistry
  let reading: ReadOptions
  /// The limit that the user states; nil where it is to be derived.
  let statedLimit: StatedLimit?
  let nanIsEqual: Bool
  let selection: PathSelection
  let names: NameMap
  private var summary = Summary()

  init(
    registry: LayerRegistry, reading: ReadOptions, statedLimit: StatedLimit?, nanIsEqual: Bool,
    selection: PathSelection, names: NameMap
  ) {
    self.registry = registry
    self.reading = reading
    self.statedLimit = statedLimit
    self.nanIsEqual = nanIsEqual
    self.selection = selection
    self.names = names
  }

  mutating func run(
    _ a: String, _ b: String, hashing: Bool, verbose: Bool, _ report: (Event) throws -> Void
  ) throws {
    // Each file is listed by a process of its own.
    let reading = reading
    let opened = Parallel.map(2) { index in
      Result { () throws(HDF5Error) in try HDF5File(path: index == 0 ? a : b, options: reading) }
    }
    guard let first = try use(opened[0], report), let second = try use(opened[1], report) else {
      return
    }
    let fixtures = try fixtures(first, second, report)
    guard !summary.isIncomplete else { return }
    summary.beginFixture()
    let limit =
      fixtures == nil
      ? (statedLimit ?? .storage).description
      : "the rounding of each layer; for what it is computed from, \(StatedLimit.storage)"
    try report(
      .fixture(
        FixtureFacts(
          path: a, producer: nil, provenance: nil, sha256: hashing ? try? first.sha256() : nil,
          cases: fixtures?.a.cases.count ?? 1, comparedWith: b, limit: limit)))
    for file in [first, second] {
      for remark in file.remarks {
        try report(.warning(Warning(id: "file-remark", text: "\(file.path): \(remark)")))
      }
    }
    if let fixtures {
      try compare(fixtures.a, fixtures.b, verbose: verbose, report)
    } else {
      try compare(first, second, report)
    }
    for file in [first, second] {
      do throws(HDF5Error) {
        try file.verifyUnchanged()
      } catch {
        try fail(file.path, [error.clause], report)
      }
    }
  }

  /// Reports the shared libraries that cannot be used, and what happened in the others.
  mutating func report(on plugins: LoadedPlugins, _ report: (Event) throws -> Void) throws {
    for (path, problem) in plugins.problems { try fail(path, [problem], report) }
    for warning in plugins.takeWarnings() { try report(.warning(warning)) }
  }

  // MARK: Files

  private mutating func compare(
    _ first: HDF5File, _ second: HDF5File, _ report: (Event) throws -> Void
  ) throws {
    let comparison = FileComparison(
      first, second,
      options: ComparisonOptions(
        limit: statedLimit ?? .storage, nanIsEqual: nanIsEqual, selection: selection,
        names: names))
    try fail(first.path, comparison.problems, report)
    if comparison.isEmpty { try fail(first.path, [Self.nothing], report) }
    try comparison.run { try count($0, report) }
  }

  private static let nothing = "there is no dataset to compare: choose other paths or files"

  private mutating func count(_ event: Event, _ report: (Event) throws -> Void) throws {
    if case .layer(let layer) = event { summary.count(layer) }
    try report(event)
    try Interruption.check()
  }

  // MARK: Fixtures

  /// Both files as fixtures; nil where one of them is none, or a stated limit is to judge them.
  private mutating func fixtures(
    _ first: HDF5File, _ second: HDF5File, _ report: (Event) throws -> Void
  ) throws -> (a: Fixture, b: Fixture)? {
    guard statedLimit == nil, first.isFixture, second.isFixture else { return nil }
    var read: [Fixture] = []
    for file in [first, second] {
      do throws(FixtureError) {
        read.append(try Fixture(file: file, registry: registry))
      } catch {
        summary.countUnusable(newFixture: true)
        try report(.unusable(fixture: file.path, problems: error.problems.map { "\($0)" }))
      }
    }
    return read.count == 2 ? (read[0], read[1]) : nil
  }

  private mutating func compare(
    _ first: Fixture, _ second: Fixture, verbose: Bool, _ report: (Event) throws -> Void
  ) throws {
    let used = UsedEntries(names)
    let selection = selection
    let comparison = FixtureComparison(
      first, second,
      options: PairOptions(
        nanIsEqual: nanIsEqual, isChosen: { selection.contains($0) },
        renamed: { used.renamed($1, in: $0) }))
    for fixture in [first, second] {
      let parts = [
        ("optimizer", fixture.cases.contains { $0.update != nil }),
        ("trajectory", fixture.cases.contains { $0.trajectory != nil }),
      ]
      let problems = parts.filter { $0.1 && selection.contains($0.0) }.map { part, _ in
        "/\(part) has no bound between two fixtures in this version: state a limit, or leave it out"
          + " with `--ignore \(part)`"
      }
      try fail(fixture.path, problems, report)
      if verbose, !fixture.ignored.isEmpty {
        let names = fixture.ignored.map { UntrustedText($0).terminal }.joined(separator: ", ")
        try report(
          .warning(Warning(id: "ignored", text: "ignored in \(fixture.path): \(names)")))
      }
    }
    try comparison.run { try count($0, report) }
    if summary.layers == 0 { try fail(first.path, [Self.nothing], report) }
    try fail(first.path, used.problems(in: first.path), report)
  }

  /// Notes that the run was ended before all was compared.
  mutating func interrupt() { summary.interrupt() }

  /// Reports the summary and returns the exit status.
  mutating func finish(_ report: (Event) throws -> Void) throws -> Int32 {
    summary.endFixture()
    try report(.summary(summary))
    return summary.exitStatus
  }

  private mutating func use(
    _ opened: Result<HDF5File, HDF5Error>, _ report: (Event) throws -> Void
  ) throws -> HDF5File? {
    switch opened {
    case .success(let file): return file
    case .failure(let error):
      summary.countUnusable(newFixture: true)
      try report(.unusable(fixture: error.file, problems: [error.clause]))
      return nil
    }
  }

  private mutating func fail(
    _ path: String, _ problems: [String], _ report: (Event) throws -> Void
  ) throws {
    guard !problems.isEmpty else { return }
    summary.countUnusable(newFixture: false)
    try report(.unusable(fixture: path, problems: problems))
  }
}

extension HDF5File {
  /// Whether the file says that it is a fixture.
  fileprivate var isFixture: Bool {
    guard case .strings(let texts, _)? = catalogue.root.attribute("format") else { return false }
    return texts.count == 1 && texts.first.map { $0 == "cnn-fixture" } ?? false
  }
}

/// The entries of a map that rename layers, inputs or cases, and which of them fitted something.
private final class UsedEntries {
  private let names: NameMap
  private var used: Set<Int> = []

  init(_ names: NameMap) { self.names = names }

  /// What a member of a group is called: as the map says of its path, or of its name alone.
  func renamed(_ name: String, in group: String) -> String {
    for prefix in ["\(group)/", ""] {
      let (path, entry) = names.renamed(prefix + name)
      guard let entry, path.utf8.starts(with: prefix.utf8) else { continue }
      used.insert(entry)
      return String(path.dropFirst(prefix.count))
    }
    return name
  }

  /// The sentences about entries that fitted nothing.
  func problems(in file: String) -> [String] {
    names.problems(of: Set(names.entries.indices).subtracting(used), in: file)
  }
}
