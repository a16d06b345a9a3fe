import Discrepancy
import Tensors
import Testing

@Suite struct VerdictTests {
  @Test func nothingComparedNeverAgrees() {
    #expect(Verdict.summary([]) == .notCompared)
    #expect(Verdict(Comparison()) == .vacuous)
  }

  @Test func theGravestVerdictSumsUp() {
    #expect(Verdict.summary([.agree, .vacuous, .notCompared]) == .agree)
    #expect(Verdict.summary([.agree, .warn]) == .warn)
    #expect(Verdict.summary([.agree, .differ, .warn]) == .differ)
    #expect(Verdict.summary([.differ, .invalid]) == .invalid)
    #expect(Verdict.summary([.vacuous, .notCompared]) == .vacuous)
  }

  @Test func onlyDifferAndInvalidFail() {
    #expect(Verdict.allCases.filter(\.isFailure) == [.differ, .invalid])
  }
}

@Suite struct DeviationTests {
  @Test func itIsRelativeToTheLargestElement() {
    var deviation = Deviation()
    deviation.compare(Tensor<Double>([3], [1, 2, 4]), from: 0, [1, 2.5])
    deviation.compare(Tensor<Double>([3], [1, 2, 4]), from: 2, [5])
    #expect(deviation.maxAbsolute == 1 && deviation.offset == 2 && deviation.relative == 0.2)
  }

  @Test func aNaNStays() {
    var deviation = Deviation()
    deviation.compare(Tensor<Double>([3], [.nan, 2, 4]), from: 0, [1, 9, 4])
    #expect(deviation.maxAbsolute.isNaN && !(deviation.relative <= 1))
  }
}
