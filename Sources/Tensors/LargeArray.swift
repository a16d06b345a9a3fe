import Glibc

/// Arrays of whole tensors, allocated once and filled in place.
extension Array {
  /// The size from which huge pages are asked for: two pages of 2 MiB.
  @usableFromInline static var hugePageThreshold: Int { 4 << 20 }

  /// Makes an array of exactly `count` elements, all of which `initialize` must initialise.
  ///
  /// The kernel is asked for huge pages before the first touch: with pages of 4 KiB, the faults
  /// on a fresh tensor cost more than the arithmetic that fills it.
  @inlinable
  public init(
    uninitializedCount count: Int,
    initializingWith initialize: (UnsafeMutableBufferPointer<Element>) throws -> Void
  ) rethrows {
    try self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      if count * MemoryLayout<Element>.stride >= Self.hugePageThreshold {
        Self.adviseHugePages(UnsafeMutableRawBufferPointer(buffer))
      }
      try initialize(UnsafeMutableBufferPointer(start: buffer.baseAddress, count: count))
      initialized = count
    }
  }

  /// Makes an array of `count` elements, each a function of its offset.
  @inlinable
  public init(count: Int, _ element: (Int) throws -> Element) rethrows {
    try self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      if count * MemoryLayout<Element>.stride >= Self.hugePageThreshold {
        Self.adviseHugePages(UnsafeMutableRawBufferPointer(buffer))
      }
      while initialized < count {
        (buffer.baseAddress.map { $0 + initialized })?.initialize(to: try element(initialized))
        initialized += 1
      }
    }
  }

  /// Advises huge pages for the whole 2 MiB pages inside a large, untouched buffer.
  ///
  /// Only advice: a refusal changes the speed and nothing else, so the result is not read.
  @usableFromInline
  static func adviseHugePages(_ buffer: UnsafeMutableRawBufferPointer) {
    guard buffer.count >= hugePageThreshold, let base = buffer.baseAddress else { return }
    let page = UInt(2 << 20)
    let first = (UInt(bitPattern: base) + page - 1) & ~(page - 1)
    let end = (UInt(bitPattern: base) + UInt(buffer.count)) & ~(page - 1)
    guard end > first, let start = UnsafeMutableRawPointer(bitPattern: first) else { return }
    _ = madvise(start, Int(end - first), Int32(MADV_HUGEPAGE))
  }
}
