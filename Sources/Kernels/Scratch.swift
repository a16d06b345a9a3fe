internal import Synchronization

/// A block of memory that a task works in, kept for the next task when it is done.
///
/// Fresh memory costs page faults; the blocks of finished tasks are still in the cache.
package final class Scratch: Sendable {
  // Written once here, freed in `deinit`, lent to one task at a time.
  private nonisolated(unsafe) let base: UnsafeMutableRawPointer
  private let capacity: Int

  /// Lends so many bytes, aligned to 64, for the time of a call.
  package typealias Lender =
    @Sendable (_ bytes: Int, _ body: (UnsafeMutableRawPointer) -> Void) -> Void

  private struct Shelf {
    var idle: [Scratch] = []
    var lender: Lender?
  }

  private static let shelf = Mutex(Shelf())
  private static let keptCount = 16
  private static let keptBytes = 4 << 20

  private init(bytes: Int) {
    capacity = max(bytes, 1 << 20)
    base = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { base.deallocate() }

  /// Lets all memory come from a lender; with none, blocks are kept and reused.
  ///
  /// The memory of a proof's lender shows reads of what nobody wrote, and what goes beyond its end.
  package static func lend(by lender: Lender?) { shelf.withLock { $0.lender = lender } }

  /// Lends uninitialised room for `count` elements of a trivial type for the time of `body`.
  static func with<S>(_ count: Int, of type: S.Type, _ body: (UnsafeMutablePointer<S>) -> Void) {
    let bytes = count * MemoryLayout<S>.stride
    let (lender, kept) = shelf.withLock { shelf -> (Lender?, Scratch?) in
      if let lender = shelf.lender { return (lender, nil) }
      return (nil, shelf.idle.lastIndex { $0.capacity >= bytes }.map { shelf.idle.remove(at: $0) })
    }
    if let lender {
      return lender(bytes) { body($0.bindMemory(to: S.self, capacity: count)) }
    }
    let scratch = kept ?? Scratch(bytes: bytes)
    body(scratch.base.bindMemory(to: S.self, capacity: count))
    guard scratch.capacity <= keptBytes else { return }
    shelf.withLock { if $0.idle.count < keptCount { $0.idle.append(scratch) } }
  }
}
