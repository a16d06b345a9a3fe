import Glibc
import Synchronization
import Tensors
import Testing

// The number of threads is one setting for the whole program, so these run one after another;
// what they expect holds even if a test elsewhere changes it meanwhile.
@Suite(.serialized)
struct `Parallel loops` {
  @Test(arguments: [1, 2, 3], [0, 1, 2, 3, 1_000])
  func `every index is visited once`(_ threads: Int, _ count: Int) {
    withThreads(threads) {
      let visits = Mutex([Int](repeating: 0, count: count))
      Parallel.forEach(count) { index in visits.withLock { $0[index] += 1 } }
      #expect(visits.withLock { $0 } == [Int](repeating: 1, count: count))
    }
  }

  @Test(arguments: [1, 2, 3])
  func `map keeps the order`(_ threads: Int) {
    withThreads(threads) {
      #expect(Parallel.map(100) { $0 * $0 } == (0..<100).map { $0 * $0 })
      #expect(Parallel.map(0) { $0 } == [])
      #expect(Parallel.map(3) { $0 == 1 ? nil : $0 } == [0, nil, 2])
    }
  }

  @Test func `a negative count visits nothing`() {
    Parallel.forEach(-1) { index in Issue.record("index \(index) was visited") }
  }

  @Test func `loops may be nested`() {
    withThreads(2) {
      let total = Mutex(0)
      Parallel.forEach(10) { i in
        Parallel.forEach(10) { j in total.withLock { $0 += i * j } }
      }
      #expect(total.withLock { $0 } == 45 * 45)
    }
  }

  @Test func `nested loops use no more threads than one`() {
    withThreads(2) {
      let atWork = Mutex((now: 0, most: 0))
      Parallel.forEach(6) { _ in
        Parallel.forEach(6) { _ in
          atWork.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
          usleep(200)
          atWork.withLock { $0.now -= 1 }
        }
      }
      // A test elsewhere may have set another number meanwhile, but no more than processors.
      #expect(atWork.withLock { $0.most } <= max(2, Processors.count))
    }
  }

  @Test(.enabled(if: Processors.count > 1))
  func `a thread that has nothing left to do joins a loop inside another iteration`() async {
    // In a process of its own, where no other loop keeps it.
    await #expect(processExitsWith: .success) {
      Parallel.threads = 2
      let met = Atomic<Int>(0)
      Parallel.forEach(2) { index in
        guard index == 1 else { return }
        // Each of the two iterations waits for the other one.
        Parallel.forEach(2) { _ in
          met.wrappingAdd(1, ordering: .relaxed)
          while met.load(ordering: .relaxed) < 2 { usleep(100) }
        }
      }
    }
  }

  @Test func `the number of threads is what was chosen last`() async {
    // In a process of its own, where nobody else chooses.
    await #expect(processExitsWith: .success) {
      precondition(Parallel.threads >= 1)
      Parallel.threads = 3
      precondition(Parallel.threads == 3)
    }
  }

  @Test func `no thread at all ends the program`() async {
    await #expect(processExitsWith: .failure) { Parallel.threads = 0 }
  }

  private func withThreads(_ threads: Int, _ body: () -> Void) {
    let before = Parallel.threads
    Parallel.threads = threads
    body()
    Parallel.threads = before
  }
}
