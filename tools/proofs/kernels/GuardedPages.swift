import Glibc
import Synchronization

/// Pages between two that nobody may touch.
final class GuardedPages: Sendable {
  // Mapped once here, unmapped in `deinit`, used by one owner at a time.
  /// The first byte.
  nonisolated(unsafe) let start: UnsafeMutableRawPointer
  /// Behind the last byte.
  nonisolated(unsafe) let end: UnsafeMutableRawPointer

  private static let page = Int(getpagesize())
  private static let idle = Mutex<[Int: [GuardedPages]]>([:])

  /// Pages of at least so many bytes, used before or new.
  static func take(_ bytes: Int) -> GuardedPages {
    let room = (max(bytes, 1) + page - 1) / page * page
    return idle.withLock { $0[room]?.popLast() } ?? GuardedPages(room: room)
  }

  /// Keeps the pages for the next one to take some.
  func giveBack() {
    let room = end - start
    guard room <= 8 << 20 else { return }
    Self.idle.withLock {
      if $0[room, default: []].count < 16 { $0[room, default: []].append(self) }
    }
  }

  private init(room: Int) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let base = mmap(nil, room + 2 * Self.page, PROT_NONE, flags, -1, 0), base != MAP_FAILED,
      mprotect(base + Self.page, room, PROT_READ | PROT_WRITE) == 0
    else { fatalError("no memory of \(room) bytes") }
    (start, end) = (base + Self.page, base + Self.page + room)
  }

  deinit { munmap(start - Self.page, end - start + 2 * Self.page) }
}
