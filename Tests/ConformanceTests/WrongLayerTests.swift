import Conformance
import LayerKit
import Testing

// The kit is worth what it catches: layers that are wrong in one way each, and right ones.

@Test func `right layers conform`() throws {
  try ConformanceKit.check(RightGain.self)
  try ConformanceKit.check(RightCurve.self)
  try ConformanceKit.check(RightChoice.self)
}

/// A wrong layer and the check that is named for what is wrong with it.
struct Wrong: CustomTestStringConvertible, Sendable {
  let definition: LayerDefinition
  let check: String

  init<L: Layer>(_ kind: L.Type, _ check: String) {
    definition = LayerDefinition(kind)
    self.check = check
  }

  var testDescription: String { "\(definition.signature.kind): \(check)" }

  static let all = [
    Wrong(ToleratesEverything.self, "examples"),
    Wrong(RefusesForAnotherReason.self, "refusals"),
    Wrong(AcceptsAnyName.self, "unknown-hyperparameter"),
    Wrong(ReadsWholeNumbersOnly.self, "hyperparameter-forms"),
    Wrong(TakesWords.self, "hyperparameter-nonsense"),
    Wrong(SwapsAxes.self, "shape-rule"),
    Wrong(AcceptsAnyRank.self, "shape-refusal"),
    Wrong(TrustsIndices.self, "index-values"),
    Wrong(TrustsMask.self, "mask-values"),
    Wrong(SwallowsNaN.self, "nan"),
    Wrong(ForgetsBias.self, "complete"),
    Wrong(LeavesGap.self, "complete"),
    Wrong(WritesIntoInput.self, "operands-untouched"),
    Wrong(CountsCalls.self, "same-bits"),
    Wrong(AddsByThreads.self, "same-bits"),
    Wrong(ForgetsMagnitude.self, "definition"),
    Wrong(AddsRegularizer.self, "zero-upstream"),
    Wrong(ClipsUpstream.self, "linear-upstream"),
    Wrong(NeedsInputGradient.self, "wanted-gradients"),
    Wrong(DividesByBatch.self, "adjoint"),
    Wrong(SlipsInOneElement.self, "adjoint"),
    Wrong(ClaimsExactness.self, "bound-reals"),
    Wrong(ForgetsCancellation.self, "bound-cancelling"),
    Wrong(ForgetsUnderflow.self, "bound-denormal"),
    Wrong(OverflowsOnTheWay.self, "bound-huge"),
    Wrong(AllowsEverything.self, "bound-sees-faults"),
    Wrong(PromisesNothing.self, "bound-sees-faults"),
    Wrong(MixesSamples.self, "independent-samples"),
    Wrong(LooksBeside.self, "independent-elements"),
    Wrong(DeclaresAnotherSlope.self, "kink"),
    Wrong(PrefersTheLast.self, "ties"),
  ]
}

@Test(arguments: Wrong.all)
func `a wrong layer is caught by the check that is named for it`(_ wrong: Wrong) throws {
  let error = #expect(throws: NonConformance.self) { try ConformanceKit.check(wrong.definition) }
  let report = try #require(error?.report)
  let broken = report.results.filter { !$0.failures.isEmpty }.map(\.check)
  #expect(broken.contains(wrong.check), "broken are \(broken)")
  #expect("\(report)".contains("breaks `\(wrong.check)`"))
}

@Test func `every check is tried on a wrong layer, or is one of a family that is`() {
  let tried = Set(Wrong.all.map(\.check))
  for check in ConformanceCheck.all where !check.id.hasPrefix("bound-") {
    #expect(tried.contains(check.id), "\(check.id)")
  }
  #expect(Set(ConformanceCheck.all.map(\.id)).count == ConformanceCheck.all.count)
}

@Test func `what was not put to the test is no case`() {
  let report = ConformanceKit.report(on: LayerDefinition(PromisesNothing.self))
  for result in report.results
  where result.check.hasPrefix("bound-") || result.check == "definition" {
    #expect((result.cases == 0) == (result.check != "bound-sees-faults"), "\(result.check)")
  }
}
