// WorkerProcess.swift

internal import CSandbox
internal import Glibc

/// One run of the confined process, from its start to its end.
struct WorkerProcess: ~Copyable {
  /// How it ended.
  enum End {
    case exit(Int32)
    case signal(Int32)
    case timeout
    case tooMuch
    case notCatalogue
  }

  /// What it sent.
  private(set) var output: [UInt8] = []
  private let process: pid_t
  private let deadline: Double
  /// What ended it before it had sent everything.
  private var early: End?

  /// Lets a worker read an open file, and takes what it sends; `end` is still to be called.
  init(_ worker: WorkerExecutable, file: Int32, timeout: Int) throws(HDF5Problem) {
    guard getenv(CatalogueWorker.environmentMark) == nil else {
      throw HDF5Problem(.worker(.roleNotTaken, visiting: nil))
    }
    let descriptor: Int32
    if worker == .current, let waiting = WaitingWorker.take(file: file) {
      (process, descriptor) = (waiting.process, waiting.socket)
    } else {
      (process, descriptor) = try Self.start(worker, file: file)
    }
    defer { close(descriptor) }
    deadline = Self.now() + Double(timeout)
    early = receive(descriptor, deadline: deadline)
  }

  /// How it ended; the process is gone when this returns.
  consuming func end() -> End {
    let end = Self.wait(for: process, deadline: early == nil ? deadline : 0)
    guard let early else { return end }
    // A process that died of something is better described by that.
    if case .notCatalogue = early, case .signal(let number) = end, number != SIGKILL { return end }
    return early
  }

  private static func start(
    _ worker: WorkerExecutable, file: Int32
  ) throws(HDF5Problem) -> (process: pid_t, descriptor: Int32) {
    var ends: [Int32] = [-1, -1]
    guard CSandbox_pipe(&ends) == 0 else { throw Self.cannotStart(errno) }
    var process: pid_t = 0
    let status = Self.spawn(worker.path, file: file, pipe: ends[1], &process)
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      throw Self.cannotStart(status)
    }
    return (process, ends[0])
  }

  private static func cannotStart(_ number: Int32) -> HDF5Problem {
    HDF5Problem(.worker(.cannotStart(errno: number), visiting: nil))
  }

  /// Nothing of our environment reaches libhdf5 or the dynamic linker.
  private static func spawn(
    _ path: String, file: Int32, pipe: Int32, _ process: inout pid_t
  ) -> Int32 {
    let environment = ["\(CatalogueWorker.environmentMark)=1", "SWIFT_BACKTRACE=enable=no"]
    var pointers = environment.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    return CSandbox_spawn(path, CatalogueWorker.role, pointers, file, pipe, &process)
  }

  /// Microseconds in which the worker may send more before it is looked at again.
  private static let gathering: UInt32 = 150

  /// Reads until the other end closes; returns an end if it comes to that before.
  private mutating func receive(_ descriptor: Int32, deadline: Double) -> End? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let left = deadline - Self.now()
      guard left > 0 else { return .timeout }
      var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&poller, 1, Int32(min(left * 1000 + 1, 60_000)))
      if ready == 0 || (ready < 0 && errno == EINTR) { continue }
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      guard output.count + count <= CatalogueFormat.longest else { return .tooMuch }
      output += buffer[..<count]
      let magic = CatalogueFormat.magic
      guard output.prefix(magic.count).elementsEqual(magic.prefix(output.count)) else {
        return .notCatalogue
      }
      // Each object is sent for itself. To be woken for each would cost both sides more than it takes
      // to list one.
      usleep(Self.gathering)
    }
  }

  /// Waits for the end of the process, and brings it about after the deadline.
  private static func wait(for process: pid_t, deadline: Double) -> End {
    var status: Int32 = 0
    var pause: UInt32 = 50
    while true {
      let result = waitpid(process, &status, WNOHANG)
      if result == process { return decode(status) }
      if result < 0, errno != EINTR { return .exit(0) }
      if now() >= deadline {
        kill(-process, SIGKILL)  // its group: only it and what it started
        kill(process, SIGKILL)
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return .timeout
      }
      usleep(pause)
      // What is waited too long is an eighth of the time at most.
      pause = min(pause + pause / 8, 10_000)
    }
  }

  private static func decode(_ status: Int32) -> End {
    let signal = status & 0x7F
    return signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
