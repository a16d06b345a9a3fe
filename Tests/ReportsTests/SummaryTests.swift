import Discrepancy
import Reports
import Tensors
import Testing

/// The exit status of a run of one fixture whose only layer has these verdicts.
private func status(_ tensors: [TensorReport]) -> Int32 {
  var summary = Summary()
  summary.beginFixture()
  summary.count(ReportSamples.report(tensors))
  summary.endFixture()
  return summary.exitStatus
}

private func tensor(_ verdict: Verdict, _ reason: TensorReport.Reason? = nil) -> TensorReport {
  TensorReport(path: "output", reference: "reference", verdict: verdict, reason: reason)
}

@Suite struct SummaryTests {
  @Test func agreementIsNeeded() {
    #expect(status([tensor(.agree)]) == 0)
    #expect(status([tensor(.agree), tensor(.warn), tensor(.vacuous)]) == 0)
    #expect(status([tensor(.vacuous)]) == 2)
    #expect(status([tensor(.notCompared, .absent)]) == 2)
    #expect(status([tensor(.expected)]) == 2)
    #expect(status([]) == 2)
    #expect(Summary().exitStatus == 2)
  }

  @Test func whatIsAbsentDoesNotCount() {
    #expect(status([tensor(.agree), tensor(.notCompared, .absent)]) == 0)
    #expect(status([tensor(.agree), tensor(.notCompared, .inputAbsent("grad_output"))]) == 0)
    #expect(status([tensor(.agree), tensor(.expected)]) == 0)
  }

  @Test(arguments: [Verdict.differ, .invalid, .surprise])
  func failuresAreOne(_ verdict: Verdict) {
    #expect(status([tensor(.agree), tensor(verdict)]) == 1)
  }

  @Test func whatCouldNotBeComparedGoesFirst() {
    let unknown = tensor(.notCompared, .unknownKind("acme.Swish", closest: nil))
    #expect(status([tensor(.agree), unknown]) == 2)
    #expect(status([tensor(.differ), unknown]) == 2)
    #expect(status([tensor(.agree), tensor(.notCompared, .unusable("damaged"))]) == 2)
  }

  @Test func everyFixtureNeedsAgreement() {
    var summary = Summary()
    summary.beginFixture()
    summary.count(ReportSamples.report([tensor(.agree)]))
    summary.beginFixture()
    summary.endFixture()
    #expect(summary.fixtures == 2 && summary.exitStatus == 2)
  }

  @Test func aFailureElsewhereDoesNotReplaceAgreement() {
    var summary = Summary()
    for verdict in [Verdict.differ, .vacuous] {
      summary.beginFixture()
      summary.count(ReportSamples.report([tensor(verdict)]))
    }
    summary.endFixture()
    #expect(summary.unclearFixtures == 1 && summary.exitStatus == 2)
  }

  @Test func anUnusableFixtureIsTwo() {
    var summary = Summary()
    summary.beginFixture()
    summary.count(ReportSamples.report([tensor(.agree)]))
    summary.countUnusable(newFixture: true)
    #expect(summary.exitStatus == 2 && summary.fixtures == 2)
  }

  @Test func anInterruptedRunHasNoClearResult() {
    var summary = Summary()
    summary.beginFixture()
    summary.count(ReportSamples.report([tensor(.agree)]))
    summary.interrupt()
    #expect(summary.exitStatus == 2)
  }
}
