internal import Synchronization

/// A block of memory that a task works in, kept for the next task when it is done.
///
/// Fresh memory costs page faults; the blocks of finished tasks are still in the cache.
final class Scratch: Sendable {
  // Written once here, freed in `deinit`, lent to one task at a time.
  private nonisolated(unsafe) let base: UnsafeMutableRawPointer
  private let capacity: Int

  private static let idle = Mutex<[Scratch]>([])
  private static let keptCount = 16
  private static let keptBytes = 4 << 20

  private init(bytes: Int) {
    capacity = max(bytes, 1 << 20)
    base = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { base.deallocate() }

  /// Lends uninitialised room for `count` elements of a trivial type for the time of `body`.
  static func with<S>(_ count: Int, of type: S.Type, _ body: (UnsafeMutablePointer<S>) -> Void) {
    let bytes = count * MemoryLayout<S>.stride
    let scratch =
      idle.withLock { blocks in
        blocks.lastIndex { $0.capacity >= bytes }.map { blocks.remove(at: $0) }
      } ?? Scratch(bytes: bytes)
    body(scratch.base.bindMemory(to: S.self, capacity: count))
    guard scratch.capacity <= keptBytes else { return }
    idle.withLock { blocks in if blocks.count < keptCount { blocks.append(scratch) } }
  }
}
