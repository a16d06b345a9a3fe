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

  /// Blocks in vectors find what one element after the other does: the first largest error or NaN,
  /// and the largest number of the reference.
  @Test(arguments: [1, 7, 8, 100, 32768, 100_003])
  func blocksFindTheFirstOfTheLargestErrors(count: Int) throws {
    var random = SplitMix(state: UInt64(count))
    for special in [nil, 0.0, .infinity, .nan] {
      var ours = (0..<count).map { _ in Double(random.next() % 1000) / 8 }
      let reference = ours.map { random.next() % 5 == 0 ? $0 + Double(random.next() % 9) : -$0 }
      if let special { ours[Int(random.next() % UInt64(count))] = special }
      var (error, scale, offset) = (0.0, 0.0, 0)
      for place in 0..<count where !error.isNaN {
        let own = (ours[place] - reference[place]).magnitude
        if !(own <= error) { (error, offset) = (own, place) }
      }
      for number in reference { scale = max(scale, number.magnitude) }
      let tensor = Tensor<Double>([count], ours)
      let cut = count / 3
      var found = Deviation()
      try found.compare(tensor, from: 0, count: cut) { Array(reference[$0]) }
      try found.compare(tensor, from: cut, count: count - cut) { Array(reference[$0]) }
      #expect(found.maxAbsolute == error || (found.maxAbsolute.isNaN && error.isNaN))
      #expect(found.scale == scale && found.offset == offset)
    }
  }

  /// NaN in the reference is an error without a size.
  @Test func aNaNOfTheReferenceIsFound() {
    var deviation = Deviation()
    let ours = Tensor<Double>([20], repeating: 1)
    var reference = [Double](repeating: 3, count: 20)
    reference[5] = .nan
    deviation.compare(ours, from: 0, reference)
    #expect(deviation.maxAbsolute.isNaN && deviation.offset == 5 && deviation.scale == 3)
  }

  @Test func theFirstBlockThatCannotBeReadIsTold() {
    struct Unreadable: Error, Equatable { let start: Int }
    let ours = Tensor<Double>([100_000], repeating: 1)
    #expect(throws: Unreadable(start: 1 << 15)) {
      var deviation = Deviation()
      try deviation.compare(ours, from: 0, count: 100_000) { range in
        guard range.lowerBound < 1 << 15 else { throw Unreadable(start: range.lowerBound) }
        return Array(repeating: 1, count: range.count)
      }
    }
  }

  @Test func aNaNStays() {
    var deviation = Deviation()
    deviation.compare(Tensor<Double>([3], [.nan, 2, 4]), from: 0, [1, 9, 4])
    #expect(deviation.maxAbsolute.isNaN && !(deviation.relative <= 1))
  }
}
