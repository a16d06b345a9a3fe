import Synchronization

/// Pieces of memory of one size that threads use in turn: fresh pages cost as much as reading.
final class MemoryPool: Sendable {
  private let byteCount: Int
  private let free = Mutex<[Piece]>([])

  /// Memory that nobody uses while it is in the pool.
  private struct Piece: @unchecked Sendable {
    let memory: UnsafeMutableRawBufferPointer
  }

  init(byteCount: Int) { self.byteCount = byteCount }

  deinit {
    for piece in free.withLock({ $0 }) { piece.memory.deallocate() }
  }

  /// Memory that is the caller's until it gives it back.
  func take() -> UnsafeMutableRawBufferPointer {
    if let piece = free.withLock({ $0.popLast() }) { return piece.memory }
    return .allocate(byteCount: byteCount, alignment: 64)
  }

  func give(back memory: UnsafeMutableRawBufferPointer) {
    let piece = Piece(memory: memory)
    free.withLock { $0.append(piece) }
  }
}
