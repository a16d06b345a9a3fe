import Discrepancy
import FileComparison
import HDF5File
import Interchange
import LayerKit
import Reports
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
    guard let first = try open(a, report), let second = try open(b, report) else { return }
    let comparison = FileComparison(
      first, second,
      options: ComparisonOptions(
        limit: statedLimit ?? .storage, nanIsEqual: nanIsEqual, selection: selection,
        names: names))
    summary.beginFixture()
    try report(
      .fixture(
        FixtureFacts(
          path: a, producer: nil, provenance: nil, sha256: hashing ? try? first.sha256() : nil,
          cases: 1, comparedWith: b, limit: (statedLimit ?? .storage).description)))
    for file in [first, second] {
      for remark in file.remarks {
        try report(.warning(Warning(id: "file-remark", text: "\(file.path): \(remark)")))
      }
    }
    try fail(a, comparison.problems, report)
    if comparison.isEmpty {
      try fail(a, ["no dataset was chosen: there is nothing to compare"], report)
    }
    try comparison.run { event in
      if case .layer(let layer) = event { summary.count(layer) }
      try report(event)
      try Interruption.check()
    }
    for file in [first, second] {
      do throws(HDF5Error) {
        try file.verifyUnchanged()
      } catch {
        try fail(file.path, [error.clause], report)
      }
    }
  }

  /// Notes that the run was ended before all was compared.
  mutating func interrupt() { summary.interrupt() }

  /// Reports the summary and returns the exit status.
  mutating func finish(_ report: (Event) throws -> Void) throws -> Int32 {
    summary.endFixture()
    try report(.summary(summary))
    return summary.exitStatus
  }

  private mutating func open(
    _ path: String, _ report: (Event) throws -> Void
  ) throws -> HDF5File? {
    do throws(HDF5Error) {
      return try HDF5File(path: path, options: reading)
    } catch {
      summary.countUnusable(newFixture: true)
      try report(.unusable(fixture: path, problems: [error.clause]))
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
