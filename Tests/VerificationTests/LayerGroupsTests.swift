import Testing
import Verification

/// Which layers are verified side by side.
@Suite struct LayerGroupsTests {
  private func sizes(_ bytes: [Int], threads: Int, leastBudget: Int = 0) -> [Int] {
    LayerGroups(bytes: bytes, threads: threads, leastBudget: leastBudget).ranges.map(\.count)
  }

  @Test func theLargestLayerStandsAlone() {
    #expect(sizes([1, 10, 1, 1], threads: 2) == [1, 1, 2])
    #expect(sizes([10, 10, 10], threads: 2) == [1, 1, 1])
  }

  @Test func layersOfHalfItsSizeStandSideBySide() {
    #expect(sizes([10, 5, 5, 5, 6, 5], threads: 2) == [1, 3, 1, 1])
    #expect(sizes([10, 5, 5, 5, 5], threads: 3) == [1, 2, 2])
  }

  @Test func smallLayersDoEvenWhereNoneIsLarge() {
    #expect(sizes([1, 1, 1], threads: 2, leastBudget: 2) == [3])
    #expect(sizes([3, 3], threads: 2, leastBudget: 2) == [1, 1])
    #expect(sizes([0, 0, 0], threads: 2) == [3])
  }

  @Test func aGroupDoesNotKeepItsFirstLayerWaiting() {
    #expect(sizes(Array(repeating: 0, count: 20), threads: 2) == [8, 8, 4])
  }

  @Test func oneThreadTakesOneLayerAtATime() {
    #expect(sizes([1, 1, 1], threads: 1) == [1, 1, 1])
  }

  @Test(arguments: [1, 2, 3, 64])
  func everyLayerIsInOneGroupAndMemoryIsBounded(_ threads: Int) {
    let bytes = (0..<500).map { $0 * 7919 % 101 }
    let ranges = LayerGroups(bytes: bytes, threads: threads, leastBudget: 30).ranges
    #expect(ranges.flatMap { Array($0) } == Array(bytes.indices))
    for range in ranges {
      let atWork = bytes[range].sorted(by: >).prefix(threads).reduce(0, +)
      #expect(range.count == 1 || atWork <= 100)
    }
  }

  @Test func noLayersMakeNoGroup() { #expect(sizes([], threads: 2).isEmpty) }
}
