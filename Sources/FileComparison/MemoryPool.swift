import Synchronization

/// Pieces of memory that threads use in turn: fresh pages cost as much as reading.
final class MemoryPool: Sendable {
  /// Bytes of the pieces that are kept: both sides of a step of contiguous storage.
  private static var kept: Int { 2 << 20 }
  private let free = Mutex<[Piece]>([])

  /// Memory that nobody uses while it is in the pool.
  private struct Piece: @unchecked Sendable {
    let memory: UnsafeMutableRawBufferPointer
  }

  deinit {
    for piece in free.withLock({ $0 }) { piece.memory.deallocate() }
  }

  /// Memory of so many bytes or more, which is the caller's until it gives it back.
  func take(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    guard byteCount <= Self.kept else { return .allocate(byteCount: byteCount, alignment: 64) }
    if let piece = free.withLock({ $0.popLast() }) { return piece.memory }
    return .allocate(byteCount: Self.kept, alignment: 64)
  }

  /// Takes memory back, and keeps it where it is of the usual size.
  func give(back memory: UnsafeMutableRawBufferPointer) {
    guard memory.count == Self.kept else {
      memory.deallocate()
      return
    }
    let piece = Piece(memory: memory)
    free.withLock { $0.append(piece) }
  }
}
