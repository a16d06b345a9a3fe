import Glibc
import Synchronization

/// The threads that help with loops, kept from one loop to the next.
///
/// After each loop they watch for the next one for a moment, and then sleep.
enum HelperThreads {
  private static let calls = WatchedSemaphore()
  private static let count = Atomic<Int>(0)
  private static let starting = Mutex(())

  /// Sees to it that there are `wanted` threads, and returns how many of these there are.
  ///
  /// There are fewer where the system refuses to start one.
  static func start(_ wanted: Int) -> Int {
    if count.load(ordering: .relaxed) < wanted {
      starting.withLock { _ in
        while count.load(ordering: .relaxed) < wanted, startOne() {
          count.wrappingAdd(1, ordering: .relaxed)
        }
      }
    }
    return min(wanted, count.load(ordering: .relaxed))
  }

  /// Calls so many threads, each of which must be waiting or about to.
  static func call(_ helpers: Int) { calls.signal(helpers) }

  private static func startOne() -> Bool {
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { _ in
        HelperThreads.leaveSignalsToOthers()
        while true {
          HelperThreads.calls.wait()
          OpenLoops.help()
        }
      }, nil)
    return failure == 0 && pthread_detach(thread) == 0
  }

  /// Signals sent to the process go to the threads of the program; only faults of its own, which
  /// have handlers that print where they happened, reach this one.
  private static func leaveSignalsToOthers() {
    var signals = sigset_t()
    sigfillset(&signals)
    for fault in [SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSEGV, SIGSYS, SIGPROF] {
      sigdelset(&signals, fault)
    }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}
