import Discrepancy
import Foundation
import Reports
import Tensors
import Testing

/// The records that events lead to, parsed by another implementation of JSON.
private func records(_ events: [Event]) throws -> [[String: Any]] {
  let output = CollectedText()
  var report = JSONReport(to: output, version: "1.2.3")
  for event in events { try report.receive(event) }
  return try output.text.split(separator: "\n").map { line in
    try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
  }
}

@Suite struct JSONReportTests {
  @Test func aTensorHasItsFigures() throws {
    let report = Event.layer(ReportSamples.report([ReportSamples.differing]))
    let tensor = try #require(try records([report]).first)
    #expect(tensor["record"] as? String == "tensor")
    #expect(tensor["layer"] as? String == "conv1")
    #expect(tensor["tensor"] as? String == "grad_parameters/weight")
    #expect(tensor["mode"] as? String == "isolated")
    #expect(tensor["verdict"] as? String == "differ")
    #expect(tensor["shape"] as? [Int] == [2, 3])
    #expect(tensor["worst_index"] as? [Int] == [1, 1])
    #expect(tensor["ours"] as? Double == 0.75 && tensor["reference"] as? Double == 0.5)
    #expect(tensor["max_abs"] as? Double == 0.25 && tensor["bound_ratio"] as? Double == 2500)
    #expect(tensor["cause"] is NSNull && tensor["blame"] is NSNull)
  }

  @Test func numbersThatJSONLacksAreStrings() throws {
    var tensor = ReportSamples.differing
    tensor.comparison?.boundRatio = .infinity
    tensor.comparison?.worst?.ours = .nan
    let record = try #require(try records([.layer(ReportSamples.report([tensor]))]).first)
    #expect(record["bound_ratio"] as? String == "Infinity" && record["ours"] as? String == "NaN")
  }

  @Test func doublesReadBackAsTheSameBits() throws {
    var tensor = ReportSamples.differing
    for value in [0.1, -1e-300, 1.7976931348623157e308, 1 / 3.0, -0.0] {
      tensor.comparison?.worst?.ours = value
      let record = try #require(try records([.layer(ReportSamples.report([tensor]))]).first)
      #expect((record["ours"] as? Double)?.bitPattern == value.bitPattern)
    }
  }

  @Test func anyNameIsAValidString() throws {
    let name = "a\"b\\c\u{1}\u{1B}[31m\u{2028}é\u{1F600}\n"
    let report = ReportSamples.report([ReportSamples.agreeing], ReportSamples.layer(name))
    let parsed = try records([.layer(report)])
    #expect(parsed.count == 2)
    for record in parsed {
      #expect((record["layer"] as? String).map { Array($0.utf8) } == Array(name.utf8))
    }
  }

  @Test func theSummaryCountsEveryVerdict() throws {
    var summary = Summary()
    summary.beginFixture()
    summary.count(ReportSamples.report([ReportSamples.agreeing, ReportSamples.differing]))
    summary.endFixture()
    let record = try #require(try records([.summary(summary)]).first)
    #expect(record["record"] as? String == "summary" && record["exit"] as? Int == 1)
    #expect(record["agree"] as? Int == 1 && record["differ"] as? Int == 1)
    #expect(record["not-compared"] as? Int == 0)
  }

  @Test func theRunNamesItsSchema() throws {
    let facts = FixtureFacts(
      path: "net.h5", producer: "torch", provenance: "{}", sha256: "ab", cases: 2)
    let record = try #require(try records([.fixture(facts)]).first)
    #expect(record["schema"] as? Int == 1 && record["version"] as? String == "1.2.3")
    #expect(record["sha256"] as? String == "ab" && record["cases"] as? Int == 2)
  }
}
