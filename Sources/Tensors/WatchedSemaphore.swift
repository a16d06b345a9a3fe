import Dispatch
import Glibc
import Synchronization

/// A semaphore whose waiting threads watch it for a moment before they sleep.
///
/// A sleeping thread takes tens of microseconds to wake up, on a virtual machine hundreds: as long
/// as many a loop. One that watches goes on within a microsecond. It watches for a bounded time, so
/// that a process at rest takes no processor time, and offers its processor to others meanwhile.
final class WatchedSemaphore: Sendable {
  /// Nanoseconds of watching: longer than what lies between two loops of one computation.
  private static let patience: UInt64 = 150_000

  /// What is known of signals and threads, in one word that changes as a whole.
  private struct Counts {
    /// Signals that no thread has taken.
    var signals: UInt32
    var watching: UInt16
    var sleeping: UInt16

    init(_ word: UInt64) {
      signals = UInt32(truncatingIfNeeded: word)
      watching = UInt16(truncatingIfNeeded: word >> 32)
      sleeping = UInt16(truncatingIfNeeded: word >> 48)
    }

    var word: UInt64 { UInt64(signals) | UInt64(watching) << 32 | UInt64(sleeping) << 48 }
  }

  private let counts = Atomic<UInt64>(0)
  /// Rung once for each sleeping thread that is to wake up, which then has taken a signal.
  private let bell = DispatchSemaphore(value: 0)
  private let limit: UInt32

  /// Signals beyond the limit are forgotten while no thread takes them.
  init(limit: UInt32 = .max) { self.limit = limit }

  /// Lets so many threads go on: first those that watch, then those that sleep.
  func signal(_ times: Int = 1) {
    let woken = change { counts in
      let untaken = UInt64(counts.signals) + UInt64(times)
      let unmet = untaken - min(untaken, UInt64(counts.watching))
      let woken = min(unmet, UInt64(counts.sleeping))
      counts.signals = UInt32(min(untaken - woken, UInt64(limit)))
      counts.sleeping -= UInt16(woken)
      return woken
    }
    for _ in 0..<woken { bell.signal() }
  }

  /// Goes on when there is a signal, which it takes.
  func wait() {
    let isReady = change { counts in
      guard counts.signals == 0 else {
        counts.signals -= 1
        return true
      }
      counts.watching += 1
      return false
    }
    guard !isReady, !watch() else { return }
    let isLate = change { counts in
      counts.watching -= 1
      guard counts.signals == 0 else {
        counts.signals -= 1
        return true
      }
      counts.sleeping += 1
      return false
    }
    if !isLate { bell.wait() }
  }

  /// Whether a signal came, and was taken, while this thread had the patience to watch.
  private func watch() -> Bool {
    let end = Self.now + Self.patience
    repeat {
      if Counts(counts.load(ordering: .relaxed)).signals > 0 {
        let isTaken = change { counts in
          guard counts.signals > 0 else { return false }
          counts.signals -= 1
          counts.watching -= 1
          return true
        }
        if isTaken { return true }
      }
    } while Self.now < end
    return false
  }

  /// Changes the counts as a whole; `body` is called again if another thread was faster.
  private func change<Result>(_ body: (inout Counts) -> Result) -> Result {
    var word = counts.load(ordering: .relaxed)
    while true {
      var next = Counts(word)
      let result = body(&next)
      let (isExchanged, found) = counts.weakCompareExchange(
        expected: word, desired: next.word, ordering: .sequentiallyConsistent)
      if isExchanged { return result }
      word = found
    }
  }

  /// Monotonic nanoseconds.
  private static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
