import HDF5File
import Synchronization

/// Memory that threads use in turn: fresh pages cost as much as reading.
final class MemoryPool: Sendable {
  /// Bytes of one thread's memory beyond which it is not kept.
  private static var kept: Int { 16 << 20 }
  private let free = Mutex<[ThreadMemory]>([])

  /// Lends memory to `body`, which is its only user meanwhile.
  func withMemory<Result, Failure: Error>(
    _ body: (ThreadMemory) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let memory = free.withLock { $0.popLast() } ?? ThreadMemory()
    defer {
      if memory.byteCount <= Self.kept { free.withLock { $0.append(memory) } }
    }
    return try body(memory)
  }
}

/// What one thread needs to read both sides.
///
/// Unchecked, because the pool lends it to one thread at a time.
final class ThreadMemory: @unchecked Sendable {
  /// What decodes the chunks of the first side.
  let a = DecodingMemory()
  /// What decodes the chunks of the second side.
  let b = DecodingMemory()
  private var windows = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// Bytes of a page of memory and of a file.
  static var page: Int { 4096 }

  deinit {
    windows.deallocate()
  }

  /// Bytes that are held.
  var byteCount: Int { a.byteCount + b.byteCount + windows.count }

  /// Two windows of so many bytes, each of which begins at a place in a page.
  ///
  /// Where bytes keep their place in a page, the system copies whole pages. Some processors copy
  /// at a third of their speed to a place that is a few bytes after that of the source.
  func windows(
    _ first: (count: Int, place: Int), _ second: (count: Int, place: Int)
  ) -> (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) {
    let pages = { (count: Int) in (count + Self.page - 1) / Self.page * Self.page }
    let start = pages(first.place + first.count)
    let needed = start + pages(second.place + second.count)
    if windows.count < needed {
      windows.deallocate()
      windows = .allocate(byteCount: needed, alignment: Self.page)
    }
    return (
      UnsafeMutableRawBufferPointer(rebasing: windows[first.place..<first.place + first.count]),
      UnsafeMutableRawBufferPointer(
        rebasing: windows[start + second.place..<start + second.place + second.count])
    )
  }
}
