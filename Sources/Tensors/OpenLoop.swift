import Synchronization

/// A loop whose iterations are given out in order, one at a time.
final class OpenLoop: Sendable {
  /// The loop whose iteration this thread is at.
  @TaskLocal private static var current: OpenLoop?

  private let count: Int
  /// Valid until the loop's own thread has found that all others have left.
  nonisolated(unsafe) private let body: UnsafePointer<@Sendable (Int) -> Void>
  /// The loop in one of whose iterations this one stands.
  private let outer: OpenLoop?
  private let given = Atomic<Int>(0)
  private let visitors = Mutex((count: 0, isClosed: false))
  private let news = WatchedSemaphore(limit: 1)

  /// Prepares a loop; `body` must stay where it is until the loop has been left by all.
  init(_ count: Int, _ body: UnsafePointer<@Sendable (Int) -> Void>) {
    self.count = count
    self.body = body
    outer = Self.current
  }

  /// Works on the loop until there is nothing left to give away.
  ///
  /// Not inlined, so that nothing of the body is held when it returns.
  @inline(never)
  func work() {
    Self.$current.withValue(self) {
      while true {
        let index = given.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        body.pointee(index)
      }
    }
  }

  // MARK: Other threads

  /// Lets another thread in, if there is still something to give away.
  func join() -> Bool {
    guard given.load(ordering: .relaxed) < count else { return false }
    return visitors.withLock { visitors in
      guard !visitors.isClosed else { return false }
      visitors.count += 1
      return true
    }
  }

  /// Lets another thread out again.
  func leave() {
    let isLast = visitors.withLock { visitors in
      visitors.count -= 1
      return visitors.isClosed && visitors.count == 0
    }
    if isLast { news.signal() }
  }

  // MARK: Its own thread

  /// Lets nobody in any more.
  func close() { visitors.withLock { $0.isClosed = true } }

  /// Whether all other threads have left a closed loop.
  var isLeft: Bool { visitors.withLock { $0.count == 0 } }

  /// Waits until the last one has left, or another loop has begun inside this one.
  func wait() { news.wait() }

  /// Tells the threads that wait for the loops around this one that there is something to do.
  func wakeOuterLoops() {
    var next = outer
    while let loop = next {
      if loop.visitors.withLock({ $0.isClosed }) { loop.news.signal() }
      next = loop.outer
    }
  }

  /// Whether it stands in an iteration of another loop.
  func isInside(_ other: OpenLoop) -> Bool {
    var next = outer
    while let loop = next {
      if loop === other { return true }
      next = loop.outer
    }
    return false
  }
}
