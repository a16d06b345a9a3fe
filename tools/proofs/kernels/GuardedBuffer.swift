import Glibc

/// Room for the operand of one micro-kernel, against a page that nobody may touch.
///
/// What lies in reach but outside of the operand holds the guard pattern, which is a NaN: a read
/// that matters shows in the result, a write in `problem`, and anything further stops the program.
final class GuardedBuffer<S: ProofScalar> {
  /// Where the operand starts.
  let start: UnsafeMutablePointer<S>
  private let pages: GuardedPages
  private let first: UnsafeMutablePointer<S>
  private let capacity: Int
  /// Its elements as they were placed.
  private(set) var values: [S]

  /// Places the operand.
  ///
  /// - Parameters:
  ///   - values: Its elements.
  ///   - readable: Elements behind it that the kernel may read.
  ///   - atStart: Whether the guarded page is the one in front, instead of the one behind.
  init(_ values: [S], readable: Int = 0, atStart: Bool) {
    self.values = values
    pages = GuardedPages.take((values.count + readable) * MemoryLayout<S>.size)
    capacity = (pages.end - pages.start) / MemoryLayout<S>.size
    first = pages.start.bindMemory(to: S.self, capacity: capacity)
    first.initialize(repeating: S.guardPattern, count: capacity)
    start = atStart ? first : first + (capacity - readable - values.count)
    for (index, value) in values.enumerated() { start[index] = value }
  }

  deinit { pages.giveBack() }

  /// Replaces an element before the kernel runs.
  func set(_ index: Int, _ value: S) { (values[index], start[index]) = (value, value) }

  /// The elements as they are now.
  var elements: [S] { values.indices.map { start[$0] } }

  /// What an operand that is only read shows if it was written.
  var problem: Problem? {
    firstDifferentBits(elements, values)?.at("an operand was written") ?? problemOutside
  }

  /// What lies outside of the operand and was written.
  var problemOutside: Problem? {
    let offset = start - first
    for index in 0..<capacity where index < offset || index >= offset + values.count {
      if first[index].bits != S.guardPattern.bits {
        return Problem("element \(index - offset) of an operand of \(values.count) was written")
      }
    }
    return nil
  }
}
