import Interchange
import Tensors

/// Neighbouring layers that are verified side by side, in groups that follow each other.
///
/// A layer by itself rarely keeps all threads at work: small ones have nothing to share out, and
/// between the loops of large ones there is work for one thread. How much memory may be at work at a
/// time is decided by the largest layer, which needs it anyway: two of half its size stand beside
/// each other, and it stands alone.
package struct LayerGroups {
  private let bytes: [Int]
  private let threads: Int
  private let budget: Int

  /// What may be at work at a time even where the largest layer is smaller.
  package static let leastBudget = 32 << 20
  /// The layers of a group, for each thread: few, because a group is told when all of it is found.
  private static let layersPerThread = 4

  /// Groups layers by the bytes of their tensors.
  ///
  /// Of a group at most `threads` layers are at work at a time. The largest `threads` of them
  /// together take no more than max(`leastBudget`, the largest layer of all).
  package init(bytes: [Int], threads: Int = Parallel.threads, leastBudget: Int = leastBudget) {
    self.bytes = bytes
    self.threads = threads
    budget = max(leastBudget, bytes.max() ?? 0)
  }

  /// The groups in the order of the layers; none is empty.
  package var ranges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while start < bytes.count {
      var end = start + 1
      while end < bytes.count, fits(start..<end + 1) { end += 1 }
      ranges.append(start..<end)
      start = end
    }
    return ranges
  }

  private func fits(_ group: Range<Int>) -> Bool {
    guard threads > 1, group.count <= Self.layersPerThread * threads else { return false }
    return bytes[group].sorted(by: >).prefix(threads).reduce(0, +) <= budget
  }
}

extension FixtureLayer {
  /// The bytes of its tensors in double precision.
  var workingBytes: Int { tensors.reduce(0) { $0 + $1.count } * MemoryLayout<Double>.stride }
}
