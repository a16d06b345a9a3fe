import Diagnosis
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

  /// What each cause explains, the one of most tensors first.
  public var causes: [ExplainedBy] {
    explained.map { ExplainedBy(id: $0.key, tensors: $0.value.tensors, layers: $0.value.layers) }
      .sorted { ($1.tensors, $0.id) < ($0.tensors, $1.id) }
  }

  /// The differences that one cause explains.
  public struct ExplainedBy: Hashable, Sendable {
    /// The cause, or `unidentified`.
    public var id: String
    /// How many tensors it explains.
    public var tensors: Int
    /// In how many layers they are.
    public var layers: Int
  }

  /// What corrections explain of the chained runs; nil where that was not asked for.
  public private(set) var corrected: Corrected?

  /// The chained runs with what differs by itself corrected.
  public struct Corrected: Hashable, Sendable {
    /// How many tensors were corrected.
    public var corrections = 0
    /// How many tensors lay off and then agree.
    public var explained = 0
    /// How many tensors still lie off.
    public var unexplained = 0
    /// How many tensors agree only without the corrections.
    public var putOff = 0
  }

  private var explained: [String: Explained] = [:]

  private struct Explained: Hashable {
    var tensors = 0
    var layers = 0
  }

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
    let causes = report.tensors.filter { Self.isFailure($0.verdict) || $0.verdict == .expected }
      .compactMap { $0.diagnosis?.causeID }
    for cause in causes { explained[cause, default: Explained()].tensors += 1 }
    for cause in Set(causes) { explained[cause, default: Explained()].layers += 1 }
  }

  /// Counts what came of a corrected run.
  public mutating func count(_ report: CorrectionReport) {
    var counts = corrected ?? Corrected()
    counts.corrections += report.corrections.count
    counts.explained += report.explained
    counts.unexplained += report.unexplained
    counts.putOff += report.putOff
    corrected = counts
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
