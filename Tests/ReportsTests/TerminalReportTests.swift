import Discrepancy
import Reports
import Tensors
import Testing

/// The text that events lead to.
private func text(
  _ events: [Event], detail: TerminalReport<CollectedText>.Detail = .normal,
  isColoured: Bool = false
) throws -> String {
  let output = CollectedText()
  var report = TerminalReport(to: output, detail: detail, isColoured: isColoured)
  for event in events { try report.receive(event) }
  return output.text
}

@Suite struct TerminalReportTests {
  private let begin = Event.caseBegan(name: nil, layers: [ReportSamples.layer()])

  @Test func aDifferenceShowsLayerTensorIndexAndBothValues() throws {
    let report = ReportSamples.report([ReportSamples.agreeing, ReportSamples.differing])
    let shown = try text([begin, .layer(report)])
    for fact in ["conv1", "grad_parameters/weight", "[1, 1]", "0.75", "0.5", "net.py:42", "differ"]
    {
      #expect(shown.contains(fact), "\(fact) is missing in \(shown)")
    }
  }

  @Test func columnsAreAligned() throws {
    let layers = ["a", "a.long.name"].map { ReportSamples.layer($0, source: nil) }
    let reports = layers.map { ReportSamples.report([ReportSamples.agreeing], $0) }
    let events = [Event.caseBegan(name: nil, layers: layers)] + reports.map { .layer($0) }
    let columns = try text(events).split(separator: "\n").compactMap { line in
      line.firstRange(of: "Conv2d").map { line.distance(from: line.startIndex, to: $0.lowerBound) }
    }
    #expect(columns.count == 2 && Set(columns).count == 1)
  }

  @Test func quietShowsOnlyWhatDoesNotAgree() throws {
    let agreeing = Event.layer(ReportSamples.report([ReportSamples.agreeing]))
    #expect(try text([begin, agreeing], detail: .quiet).isEmpty)
    let differing = Event.layer(ReportSamples.report([ReportSamples.differing]))
    #expect(try text([begin, differing], detail: .quiet).contains("differ"))
  }

  @Test func verboseShowsEveryTensor() throws {
    let report = Event.layer(ReportSamples.report([ReportSamples.agreeing]))
    #expect(try text([begin, report], detail: .verbose).contains("output: agree"))
  }

  @Test func textFromAFileCannotSteerTheTerminal() throws {
    let hostile = ReportSamples.layer("a\u{1B}[2J\u{202E}b", source: "::error::x")
    let report = ReportSamples.report([ReportSamples.differing], hostile)
    let shown = try text([.caseBegan(name: nil, layers: [hostile]), .layer(report)])
    #expect(!shown.contains("\u{1B}") && !shown.contains("\u{202E}"))
    #expect(!shown.split(separator: "\n").contains { $0.hasPrefix("::") })
  }

  @Test func coloursAreOnlyForTerminals() throws {
    let report = Event.layer(ReportSamples.report([ReportSamples.differing]))
    #expect(try !text([begin, report]).contains("\u{1B}"))
    #expect(try text([begin, report], isColoured: true).contains("\u{1B}[1;31m"))
  }

  @Test func problemsOfAFileAreListedTogether() throws {
    let shown = try text([.unusable(fixture: "x.h5", problems: ["first", "second"])])
    #expect(shown.contains("2 problems") && shown.contains("first") && shown.contains("second"))
  }
}
