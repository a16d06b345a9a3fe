import Synchronization

/// Loops whose iterations run side by side.
public enum Parallel {
  private static let limit = Atomic<Int>(0)

  /// How many threads a loop may use; by default one for each processor.
  public static var threads: Int {
    get {
      let chosen = limit.load(ordering: .relaxed)
      return chosen > 0 ? chosen : Processors.count
    }
    set {
      precondition(newValue > 0, "a loop needs at least one thread")
      limit.store(newValue, ordering: .relaxed)
    }
  }

  /// The threads that are at work at most; more than there are processors would be in each other's way.
  static var workers: Int { min(threads, Processors.count) }

  /// Calls `body` once for each index in `0 ..< count`, on up to `threads` threads.
  ///
  /// Loops may stand inside each other: together they use no more threads than one.
  ///
  /// The caller cuts the work into tasks by the shape of the data alone, never by the number of
  /// threads, and each task owns what it writes: then the result has the same bits on any number
  /// of threads. Tasks are handed out in order to whichever thread is free.
  public static func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let workers = min(workers, count)
    guard workers > 1 else {
      for index in 0..<max(count, 0) { body(index) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { OpenLoops.run(OpenLoop(count, $0), helpers: workers - 1) }
    }
  }
}

extension Parallel {
  /// The results of `body` for each index in `0 ..< count`, in order, computed side by side.
  public static func map<Result: Sendable>(
    _ count: Int, _ body: @Sendable (Int) -> Result
  ) -> [Result] {
    guard count > 1, threads > 1 else { return (0..<max(count, 0)).map(body) }
    let results = Mutex([Result?](repeating: nil, count: count))
    forEach(count) { index in
      let result = body(index)
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
  }
}
