import Diagnosis
import Discrepancy
import LayerKit
import Text

/// The report for people: one row for each layer, details where something does not agree.
public struct TerminalReport<Output: TextOutput>: EventSink {
  /// How much is shown.
  public enum Detail: Sendable {
    /// Only what does not agree, and the last line.
    case quiet
    /// A row for each layer.
    case normal
    /// A row for each tensor as well.
    case verbose
  }

  private var output: Output
  private let detail: Detail
  private let style: TerminalStyle
  private var table = LayerTable(layers: [], showsChain: false)
  private var showsChain = true
  /// The framework of the fixture at hand, in whose words remedies are told.
  private var framework: Framework?

  /// Makes a report; `isColoured` where the output is a terminal that shows colours.
  public init(to output: Output, detail: Detail, isColoured: Bool) {
    self.output = output
    self.detail = detail
    self.style = TerminalStyle(isColoured: isColoured)
  }

  public mutating func receive(_ event: Event) throws {
    switch event {
    case .fixture(let facts): try show(facts)
    case .caseBegan(let name, let layers): try begin(name, layers)
    case .layer(let report): try show(report)
    case .explanation(let explanation):
      for text in ExplanationText.lines(explanation, style) { try line(text) }
    case .adequacy(let adequacy):
      for text in AdequacyText.lines(adequacy, style) { try line(text) }
    case .correction(let correction):
      for text in CorrectionText.lines(correction, style) { try line(text) }
    case .warning(let warning): try line(style.yellow("warning: ") + warning.text)
    case .note(let note): if detail != .quiet { try line(note.text) }
    case .unusable(let fixture, let problems): try show(fixture, problems)
    case .summary(let summary): try show(summary)
    case .arrays, .progress: break
    }
  }

  private mutating func line(_ text: String) throws { try output.write(text + "\n") }

  private mutating func show(_ facts: FixtureFacts) throws {
    showsChain = facts.comparedWith == nil
    framework = facts.producer.flatMap { Framework(producer: $0) }
    guard detail != .quiet else { return }
    let producer = facts.producer.map { " · " + UntrustedText($0).terminal } ?? ""
    let cases = facts.cases > 1 ? " · \(facts.cases) cases" : ""
    try line(style.bold(UntrustedText(facts.path).terminal) + producer + cases)
    if let other = facts.comparedWith {
      try line("compared with " + style.bold(UntrustedText(other).terminal))
    }
    if let limit = facts.limit { try line(style.dim("limit: \(limit)")) }
    if detail == .verbose, let provenance = facts.provenance {
      try line(style.dim("provenance " + UntrustedText(provenance).terminal))
    }
  }

  private mutating func begin(_ name: String?, _ layers: [LayerFacts]) throws {
    table = LayerTable(layers: layers, showsChain: layers.count > 1 && showsChain)
    guard detail != .quiet else { return }
    if let name { try line("\n" + style.bold("case " + UntrustedText(name).terminal)) }
    try line(style.dim(table.header))
  }

  private mutating func show(_ report: LayerReport) throws {
    let isQuietAbout =
      (report.verdict == .agree || report.verdict == .vacuous)
      && !report.tensors.contains(where: \.needsRemark)
    guard detail != .quiet || !isQuietAbout else { return }
    try line(table.row(report, style))
    let explained = report.tensors.filter {
      detail == .verbose || $0.needsExplanation || $0.needsRemark
    }
    for text in LayerDetails.lines(explained, style) { try line("    " + text) }
    let causes = DiagnosisText(style, framework: framework)
    for text in causes.lines(explained) { try line("    " + text) }
    if report.verdict == .surprise || report.verdict == .expected,
      let reason = report.layer.expectedFailure
    {
      try line("    expected failure: " + UntrustedText(reason).terminal)
    }
    for chained in report.chained where chained.verdict == .inherited && detail == .verbose {
      let origin = chained.origin.map { " from " + UntrustedText($0).terminal } ?? ""
      let relative = NumberText.short(chained.deviation.relative)
      let tensor = UntrustedText(chained.path).terminal
      try line(style.dim("    chained: \(tensor) off by \(relative), inherited\(origin)"))
    }
    let isProblem = report.verdict.isFailure || report.verdict == .warn
    if isProblem, let source = report.layer.source {
      try line(style.dim("    called at " + UntrustedText(source).terminal))
    }
  }

  private mutating func show(_ fixture: String, _ problems: [String]) throws {
    let path = UntrustedText(fixture).terminal
    guard problems.count > 1 else {
      try line(style.red("error: ") + "\(path): \(problems.first ?? "")")
      return
    }
    try line(style.red("error: ") + "\(path): \(problems.count) problems")
    for problem in problems { try line("  · " + problem) }
  }

  private mutating func show(_ summary: Summary) throws {
    // One fixture that could not be used has had its message.
    if summary.fixtures == 1 && summary.unusableFixtures == 1 { return }
    var parts: [String] = []
    for verdict in Verdict.allCases where summary.count(verdict) > 0 {
      parts.append("\(Figure.grouped(summary.count(verdict))) \(verdict.rawValue)")
    }
    let counts = parts.isEmpty ? "nothing compared" : parts.joined(separator: " · ")
    let layers = "\(Figure.grouped(summary.layers)) \(table.unit)\(summary.layers == 1 ? "" : "s")"
    let text = "\(layers): \(counts)"
    for cause in summary.causes { try line(Self.words(cause)) }
    if let corrected = summary.corrected, corrected.explained + corrected.unexplained > 0 {
      let total = corrected.explained + corrected.unexplained
      try line(
        "  corrections: \(corrected.corrections), which explain \(corrected.explained) of \(total) "
          + "tensors that lay off in the chained run")
    }
    switch summary.exitStatus {
    case 0: try line(style.green("✓ ") + text)
    case 1: try line(style.red("✗ ") + text)
    default: try line(style.red("✗ ") + text + " · " + Self.shortcoming(of: summary))
    }
  }

  /// What one cause explains, in numbers.
  private static func words(_ cause: Summary.ExplainedBy) -> String {
    let tensors = "\(Figure.grouped(cause.tensors)) tensor\(cause.tensors == 1 ? "" : "s")"
    let layers = "\(Figure.grouped(cause.layers)) layer\(cause.layers == 1 ? "" : "s")"
    return "  \(cause.id): \(tensors), \(layers)"
  }

  /// Why a run has no clear result.
  private static func shortcoming(of summary: Summary) -> String {
    if summary.isInterrupted { return "interrupted" }
    if summary.unusableFixtures > 0 {
      return "\(summary.unusableFixtures) of \(summary.fixtures) fixtures could not be used"
    }
    return summary.isIncomplete ? "not everything could be compared" : "nothing agrees"
  }
}

extension TensorReport {
  /// Whether a person wants to read about this tensor unasked.
  var needsExplanation: Bool {
    switch verdict {
    case .differ, .invalid, .warn, .surprise: true
    case .notCompared: reason?.preventsResult ?? false
    case .agree, .vacuous, .inherited, .expected: false
    }
  }
}
