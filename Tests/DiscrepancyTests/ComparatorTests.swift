import Discrepancy
import Tensors
import Testing

/// Compares two lists of numbers under a bound.
private func compare(
  _ ours: [Double], _ reference: [Double], _ bound: ErrorBound = .exact,
  formats: ComparisonFormats = ComparisonFormats(ours: .float64, reference: .float32),
  inputsAreFinite: Bool = true, window: Int = .max
) -> Comparison {
  var comparator = Comparator(
    ours: Tensor(Shape([ours.count]), ours), tolerance: Tolerance(bound, formats),
    inputsAreFinite: inputsAreFinite)
  for start in stride(from: 0, to: reference.count, by: max(1, min(window, reference.count))) {
    comparator.compare(Array(reference[start..<min(start + window, reference.count)]))
  }
  return comparator.finish()
}

private func magnitude(_ values: [Double]) -> Tensor<Double> {
  Tensor(Shape([values.count]), values)
}

@Suite struct ComparatorTests {
  @Test func equalNumbersAgree() {
    let found = compare([1, -2, 0], [1, -2, 0])
    #expect(Verdict(found) == .agree)
    #expect(found.count == 3 && found.informative == 2 && found.boundRatio == 0)
  }

  @Test func oneWrongElementIsFoundWithBothValues() {
    let found = compare([1, -2, 0.5, 4], [1, -2, 0.25, 4])
    #expect(Verdict(found) == .differ)
    #expect(found.beyondBound == 1)
    #expect(found.worst?.offset == 2 && found.worst?.ours == 0.5 && found.worst?.reference == 0.25)
    #expect(found.boundRatio == .infinity)
    #expect(found.maxAbsolute == 0.25 && found.maxRelative == 1)
  }

  @Test(arguments: [Int.max, 1, 2])
  func theWorstElementIsTheLargestErrorAndWhatIsNotFiniteGoesBefore(_ window: Int) {
    // Every one of these errors is infinitely many times the bound 0.
    let found = compare([1, 1, 1, 1], [2, 9, 1, 3], window: window)
    #expect(found.worst?.offset == 1 && found.firstBeyond?.offset == 0)
    let invalid = compare([1, 1, 1, 1], [2, 9, .nan, .infinity], window: window)
    #expect(invalid.worst?.offset == 2 && invalid.firstBeyond?.offset == 0)
    #expect(Verdict(invalid) == .invalid && invalid.invalid == 2)
  }

  @Test func errorsOfASumAreHeldAgainstItsTerms() {
    // γ(100) in float32 is 100·2⁻²⁴ = 5.96e-6 of the magnitude 10: 5.96e-5.
    let bound = ErrorBound.sum(terms: 100, magnitude: magnitude([10, 10, 10]))
    #expect(Verdict(compare([1, 1, 1], [1, 1, 1 + 2e-5], bound)) == .agree)
    // The usual band is 6·√100·u·B = 3.6e-5.
    #expect(Verdict(compare([1, 1, 1], [1, 1, 1 + 5e-5], bound)) == .warn)
    #expect(Verdict(compare([1, 1, 1], [1, 1, 1 + 7e-5], bound)) == .differ)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func aNumberThatIsNotFiniteNeverAgrees(_ value: Double) {
    let bounds: [ErrorBound] = [
      .exact, .sum(terms: 1, magnitude: magnitude([1])),
      .elementwise(magnitude([.infinity])), .elementwise(magnitude([.nan])),
    ]
    for bound in bounds {
      #expect(Verdict(compare([1], [value], bound)) == .invalid)
      #expect(Verdict(compare([value], [1], bound)) == .invalid)
      #expect(Verdict(compare([value], [value], bound)) == .invalid)
    }
  }

  @Test func notFiniteOnBothSidesNeedsACauseInTheInput() {
    for value in [Double.nan, .infinity] {
      let found = compare([value, 1], [value, 1], inputsAreFinite: false)
      #expect(Verdict(found) == .agree && found.explained == 1)
    }
    #expect(Verdict(compare([.infinity], [-.infinity], inputsAreFinite: false)) == .invalid)
    #expect(Verdict(compare([.nan], [.infinity], inputsAreFinite: false)) == .invalid)
    #expect(Verdict(compare([1], [.nan], inputsAreFinite: false)) == .invalid)
  }

  @Test func aStoredInfinityAgreesWithWhatItsFormatCannotHold() {
    let half = ComparisonFormats(ours: .float64, reference: .float16)
    #expect(Verdict(compare([70_000], [.infinity], formats: half)) == .agree)
    #expect(Verdict(compare([-70_000], [.infinity], formats: half)) == .invalid)
    #expect(Verdict(compare([60_000], [.infinity], formats: half)) == .invalid)
  }

  @Test func zerosOnBothSidesSayNothing() {
    #expect(Verdict(compare([0, 0], [0, -0.0])) == .vacuous)
    let bound = ErrorBound.sum(terms: 3, magnitude: magnitude([0, 2]))
    #expect(Verdict(compare([0, 0], [0, 0], bound)) == .agree)
    #expect(Verdict(compare([], [])) == .vacuous)
  }

  @Test func anElementWithoutABoundIsAtBestAWarning() {
    let bound = ErrorBound.elementwise(magnitude([.infinity, 0]))
    #expect(Verdict(compare([1, 2], [1.5, 2], bound)) == .warn)
    #expect(Verdict(compare([1, 2], [1.5, 2.5], bound)) == .differ)
  }

  @Test func blocksAndThreadsDoNotChangeWhatIsFound() {
    let count = 100_000
    let ours = (0..<count).map { Double($0 % 977) }
    var reference = ours
    reference[70_001] += 3
    reference[99_999] += 5
    let before = Parallel.threads
    defer { Parallel.threads = before }
    var findings: [Comparison] = []
    for threads in [1, 2, 3] {
      Parallel.threads = threads
      findings.append(compare(ours, reference))
      findings.append(compare(ours, reference, window: 30_011))
    }
    #expect(Set(findings).count == 1)
    #expect(findings[0].firstBeyond?.offset == 70_001)
    #expect(findings[0].beyondBound == 2 && findings[0].maxAbsolute == 5)
  }

  @Test func aShorterReferenceIsABrokenContract() async {
    await #expect(processExitsWith: .failure) {
      _ = compare([1, 2], [1])
    }
  }
}
