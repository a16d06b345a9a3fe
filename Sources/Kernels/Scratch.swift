internal import Glibc
internal import Synchronization

/// A block of memory that a task works in, kept for the next task when it is done.
///
/// Fresh memory costs page faults; the blocks of finished tasks are still in the cache. Each thread
/// keeps one for itself, so that short tasks on several threads do not wait for each other.
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
  /// Whether there is a lender on the shelf.
  private static let isLent = Atomic<Bool>(false)
  private static let keptCount = 16
  private static let keptBytes = 4 << 20

  /// Under which each thread keeps its own block; nil if the system has no more keys.
  private static let key: pthread_key_t? = {
    var key = pthread_key_t()
    let failure = pthread_key_create(&key) { block in
      if let block { Unmanaged<Scratch>.fromOpaque(block).release() }
    }
    return failure == 0 ? key : nil
  }()

  private init(bytes: Int) {
    capacity = max(bytes, 1 << 20)
    base = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { base.deallocate() }

  /// Lets all memory come from a lender; with none, blocks are kept and reused.
  ///
  /// The memory of a proof's lender shows reads of what nobody wrote, and what goes beyond its end.
  package static func lend(by lender: Lender?) {
    shelf.withLock { $0.lender = lender }
    isLent.store(lender != nil, ordering: .sequentiallyConsistent)
  }

  /// Lends uninitialised room for `count` elements of a trivial type for the time of `body`.
  static func with<S>(_ count: Int, of type: S.Type, _ body: (UnsafeMutablePointer<S>) -> Void) {
    let bytes = count * MemoryLayout<S>.stride
    if isLent.load(ordering: .relaxed), let lender = shelf.withLock({ $0.lender }) {
      return lender(bytes) { body($0.bindMemory(to: S.self, capacity: count)) }
    }
    let scratch = takeOwn(bytes) ?? takeShared(bytes) ?? Scratch(bytes: bytes)
    body(scratch.base.bindMemory(to: S.self, capacity: count))
    if scratch.capacity <= keptBytes { scratch.keep() }
  }

  /// The block of this thread, which must be given back; nil if it is lent or too small.
  private static func takeOwn(_ bytes: Int) -> Scratch? {
    guard let key, let place = pthread_getspecific(key) else { return nil }
    let block = Unmanaged<Scratch>.fromOpaque(place)
    guard block._withUnsafeGuaranteedRef({ $0.capacity >= bytes }),
      pthread_setspecific(key, nil) == 0
    else { return nil }
    return block.takeRetainedValue()
  }

  /// A block that no thread keeps for itself.
  private static func takeShared(_ bytes: Int) -> Scratch? {
    shelf.withLock { shelf in
      shelf.idle.lastIndex { $0.capacity >= bytes }.map { shelf.idle.remove(at: $0) }
    }
  }

  /// Keeps the block for the next task of this thread, or of another one if this has its own.
  private func keep() {
    if let key = Self.key, pthread_getspecific(key) == nil {
      let block = Unmanaged.passRetained(self)
      if pthread_setspecific(key, block.toOpaque()) == 0 { return }
      block.release()
    }
    Self.shelf.withLock { if $0.idle.count < Self.keptCount { $0.idle.append(self) } }
  }
}
