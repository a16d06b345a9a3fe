import Glibc
import Synchronization
import Tensors
import Testing

// What concerns all threads of a program is tested in processes of its own.

@Suite(.timeLimit(.minutes(2)))
struct `Threads that help with loops` {
  @Test func `a loop on one thread starts none`() async {
    await #expect(processExitsWith: .success) {
      let before = threadCount()
      Parallel.threads = 1
      for _ in 0..<100 { Parallel.forEach(8) { _ in Parallel.forEach(8) { _ in } } }
      precondition(threadCount() == before)
    }
  }

  @Test func `threads are kept from loop to loop, one less than processors at most`() async {
    await #expect(processExitsWith: .success) {
      let before = threadCount()
      for threads in 1...8 {
        Parallel.threads = threads
        for _ in 0..<100 { Parallel.forEach(8) { _ in Parallel.forEach(8) { _ in } } }
        let most = min(threads, Processors.count)
        precondition(threadCount() == before + most - 1)
      }
    }
  }

  @Test func `one that waits takes no processor time`() async {
    await #expect(processExitsWith: .success) {
      Parallel.threads = 8
      for _ in 0..<100 { Parallel.forEach(8) { _ in usleep(100) } }
      let before = processorTime()
      usleep(1_000_000)
      // A thread that never slept would take the whole second, or its share of a busy machine.
      precondition(processorTime() - before < 0.02)
    }
  }

  @Test(.enabled(if: Processors.count > 1))
  func `one comes whenever it is called, from watching and from sleep`() async {
    await #expect(processExitsWith: .success) {
      Parallel.threads = 2
      for pause in 0..<400 {
        // Before, while and after the helper goes to sleep.
        let start = wallTime()
        while wallTime() < start + Double(pause) * 1e-6 {}
        let met = Atomic<Int>(0)
        Parallel.forEach(2) { _ in
          // Each of the two iterations waits for the other one.
          met.wrappingAdd(1, ordering: .relaxed)
          while met.load(ordering: .relaxed) < 2 { sched_yield() }
        }
      }
    }
  }

  @Test(.enabled(if: Processors.count > 1))
  func `the thread of a loop wakes up when the last helper leaves late`() async {
    await #expect(processExitsWith: .success) {
      Parallel.threads = 2
      for pause in stride(from: 0, to: 400, by: 4) {
        let met = Atomic<Int>(0)
        let own = pthread_self()
        Parallel.forEach(2) { _ in
          met.wrappingAdd(1, ordering: .relaxed)
          while met.load(ordering: .relaxed) < 2 { sched_yield() }
          if pthread_self() != own { usleep(UInt32(pause)) }
        }
      }
    }
  }

  @Test func `many small loops of several callers visit every index once`() async {
    await #expect(processExitsWith: .success) {
      Parallel.threads = 8
      var callers: [pthread_t] = []
      for _ in 0..<4 {
        var caller = pthread_t()
        let failure = pthread_create(
          &caller, nil,
          { _ in
            for round in 0..<2_000 {
              // Four bits for each index.
              let sum = Atomic<Int>(0)
              Parallel.forEach(round % 7) { i in sum.wrappingAdd(1 << (4 * i), ordering: .relaxed) }
              let all = 0x111_1111 & ((1 << (4 * (round % 7))) - 1)
              precondition(sum.load(ordering: .relaxed) == all)
            }
            return nil
          }, nil)
        precondition(failure == 0)
        callers.append(caller)
      }
      for caller in callers { pthread_join(caller, nil) }
    }
  }

  @Test(arguments: 1...8)
  func `nested loops visit every index once on any number of threads`(_ threads: Int) async {
    await #expect(processExitsWith: .success) { [threads] in
      Parallel.threads = threads
      for _ in 0..<20 {
        let visits = Mutex([Int](repeating: 0, count: 6 * 5 * 4))
        Parallel.forEach(6) { i in
          Parallel.forEach(5) { j in
            Parallel.forEach(4) { k in visits.withLock { $0[(i * 5 + j) * 4 + k] += 1 } }
          }
        }
        precondition(visits.withLock { $0.allSatisfy { $0 == 1 } })
      }
    }
  }

  @Test func `loops go on after errors inside`() async {
    await #expect(processExitsWith: .success) {
      struct Refusal: Error { let index: Int }
      Parallel.threads = 8
      for _ in 0..<200 {
        let results = Parallel.map(9) { index in
          Result {
            let parts = Parallel.map(3) { inner in
              Result { if (index + inner) % 2 == 1 { throw Refusal(index: inner) } }
            }
            for part in parts { try part.get() }
          }
        }
        // Among three neighbours there is always one that refuses: the first or the second.
        for (index, result) in results.enumerated() {
          do {
            try result.get()
            preconditionFailure("an error is missing")
          } catch let refusal as Refusal {
            precondition(refusal.index == 1 - index % 2)
          } catch {
            preconditionFailure("another error: \(error)")
          }
        }
      }
    }
  }
}

/// The threads of this process.
private func threadCount() -> Int {
  guard let folder = opendir("/proc/self/task") else { return -1 }
  defer { closedir(folder) }
  var count = 0
  while let entry = readdir(folder) {
    // The folder itself and the one around it begin with a dot.
    if entry.pointee.d_name.0 != 46 { count += 1 }
  }
  return count
}

/// Seconds of processor time of all threads of this process.
private func processorTime() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

private func wallTime() -> Double { seconds(CLOCK_MONOTONIC) }

private func seconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
