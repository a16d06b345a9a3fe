public import Discrepancy

/// What a run comes to.
public struct Summary: Hashable, Sendable {
  /// How many tensors have each verdict.
  public private(set) var tensors: [Verdict: Int] = [:]
  /// How many layers were reported.
  public private(set) var layers = 0
  /// How many fixtures were asked for.
  public private(set) var fixtures = 0
  /// How many fixtures could not be used at all.
  public private(set) var unusableFixtures = 0
  /// Whether something that was asked for could not be compared.
  public private(set) var isIncomplete = false

  /// Whether the run was ended before all was verified.
  public private(set) var isInterrupted = false

  private var isClearInFixture = false
  private var fixtureIsOpen = false

  /// A summary of nothing yet.
  public init() {}

  /// Counts a fixture whose layers follow.
  public mutating func beginFixture() {
    endFixture()
    fixtures += 1
    fixtureIsOpen = true
    isClearInFixture = false
  }

  /// Counts a fixture that could not be used, or a part of the current one.
  public mutating func countUnusable(newFixture: Bool) {
    if newFixture {
      endFixture()
      fixtures += 1
      unusableFixtures += 1
    }
    isIncomplete = true
  }

  /// Counts a layer and its tensors.
  public mutating func count(_ report: LayerReport) {
    layers += 1
    for tensor in report.tensors {
      tensors[tensor.verdict, default: 0] += 1
      if Self.isClear(tensor.verdict) { isClearInFixture = true }
      if tensor.reason?.preventsResult ?? false { isIncomplete = true }
    }
  }

  /// Notes that the run was ended before all was verified.
  public mutating func interrupt() {
    isInterrupted = true
    isIncomplete = true
  }

  /// Closes the last fixture: one of which nothing agreed and nothing failed leaves the run
  /// without a clear result, whatever the other fixtures gave.
  public mutating func endFixture() {
    if fixtureIsOpen && !isClearInFixture { unclearFixtures += 1 }
    fixtureIsOpen = false
  }

  /// How many fixtures had nothing that agrees and nothing that failed.
  public private(set) var unclearFixtures = 0

  /// How many tensors have a verdict.
  public func count(_ verdict: Verdict) -> Int { tensors[verdict] ?? 0 }

  /// Whether a tensor failed.
  public var hasFailure: Bool { tensors.contains { Self.isFailure($0.key) && $0.value > 0 } }

  private static func isFailure(_ verdict: Verdict) -> Bool {
    verdict.isFailure || verdict == .surprise
  }

  private static func isClear(_ verdict: Verdict) -> Bool {
    verdict == .agree || isFailure(verdict)
  }

  /// The exit status: 2 where something could not be compared, before 1 where something failed,
  /// before 0.
  public var exitStatus: Int32 {
    if isIncomplete || unclearFixtures > 0 || fixtures == 0 { return 2 }
    return hasFailure ? 1 : 0
  }
}
