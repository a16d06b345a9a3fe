/// A length cut into pieces of one size, the last of which may be shorter.
struct Slices: Sendable {
  let length: Int
  /// The size of a piece; the longest if there is only one.
  let size: Int

  init(_ length: Int, size: Int) {
    self.length = length
    self.size = max(1, min(size, length))
  }

  var count: Int { (length + size - 1) / size }

  /// The piece of this index, `0 ..< count`.
  subscript(_ index: Int) -> Range<Int> { index * size..<min(length, (index + 1) * size) }
}

/// A length cut into pieces that differ by at most one, none longer than a limit.
struct Balanced: Sendable {
  let length: Int
  let count: Int

  init(_ length: Int, limit: Int) {
    self.length = length
    count = max(1, (length + limit - 1) / max(limit, 1))
  }

  /// Cuts into this many pieces, some of which may be empty.
  init(_ length: Int, count: Int) {
    self.length = length
    self.count = count
  }

  /// The piece of this index, `0 ..< count`.
  subscript(_ index: Int) -> Range<Int> {
    length * index / count..<length * (index + 1) / count
  }

  /// The length of the longest piece.
  var longest: Int { (length + count - 1) / count }
}
