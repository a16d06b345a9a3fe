import Synchronization

/// The loops that are under way, and the threads that help with them.
///
/// A loop's own thread works on it from beginning to end; other threads join it while it has
/// iterations to give away, and then go on to another one. A thread whose loop has nothing left but
/// iterations that others are at helps them with the loops inside these. So a loop may stand inside
/// another: all of them together keep no more than `Parallel.threads` threads at work, and none of
/// these rests while there is something to give away. (`DispatchQueue.concurrentPerform` divides the
/// threads among nested loops once and for all, when each of them begins.)
enum OpenLoops {
  private struct State {
    /// In the order of their beginnings: the outermost first, whose iterations are the longest.
    var loops: [OpenLoop] = []
    var helpers = 0
  }

  private static let state = Mutex(State())

  /// Runs a loop, on this thread and on up to `helpers` more.
  static func run(_ loop: OpenLoop, helpers: Int) {
    let all = HelperThreads.start(Parallel.workers - 1)
    let more = state.withLock { state in
      state.loops.append(loop)
      let more = max(0, min(helpers, all - state.helpers))
      state.helpers += more
      return more
    }
    if more > 0 { HelperThreads.call(more) }
    if more < helpers { loop.wakeOuterLoops() }
    loop.work()
    state.withLock { state in state.loops.removeAll { $0 === loop } }
    loop.close()
    while !loop.isLeft {
      if let inner = state.withLock({ $0.loops.first { $0.isInside(loop) && $0.join() } }) {
        inner.work()
        inner.leave()
      } else {
        loop.wait()
      }
    }
  }

  /// Helps wherever there is something to give away, until there is nothing.
  static func help() {
    while let loop = next() {
      loop.work()
      loop.leave()
    }
  }

  /// The next loop to help with, which counts this thread from then on.
  ///
  /// Where there is none the thread stops helping under the same lock, so that a loop that begins
  /// now finds it missing and asks for another one.
  private static func next() -> OpenLoop? {
    state.withLock { state in
      if let loop = state.loops.first(where: { $0.join() }) { return loop }
      state.helpers -= 1
      return nil
    }
  }
}
