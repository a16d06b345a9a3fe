internal import CSandbox
internal import Glibc

/// The process in which a plug-in runs, from the command's side; it takes one message at a time.
final class PluginProcess {
  /// The process, while there is one.
  private var process: pid_t?
  private var socket: Int32 = -1
  private let options: PluginOptions
  private let arena: Int32

  init(_ options: PluginOptions, arena: Int32) {
    self.options = options
    self.arena = arena
  }

  deinit { end() }

  var isRunning: Bool { process != nil }

  /// Starts the process; the plug-in is not loaded yet.
  func start() throws(PluginFault.Reason) {
    guard getenv(PluginWorker.environmentMark) == nil else { throw .cannotStart(errno: EPERM) }
    var ends: [Int32] = [-1, -1]
    guard CSandbox_socketPair(&ends) == 0 else { throw .cannotStart(errno: errno) }
    // Nothing of our environment reaches the plug-in or the dynamic linker.
    let environment = ["\(PluginWorker.environmentMark)=1", "SWIFT_BACKTRACE=enable=no"]
    var pointers = environment.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    var started: pid_t = 0
    let status = CSandbox_spawn(
      options.executable, PluginWorker.role, pointers, arena, ends[1], &started)
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      throw .cannotStart(errno: status)
    }
    (process, socket) = (started, ends[0])
  }

  /// Sends a message and waits for the answer; without one the process is gone afterwards.
  func exchange(_ message: [UInt8]) throws(PluginFault.Reason) -> [UInt8] {
    guard process != nil else { throw .malformed }
    let deadline = MonotonicClock.now + Double(options.seconds)
    // A message that nobody takes is followed by no answer.
    _ = Socket.send(message, to: socket)
    do {
      return try Socket.receive(from: socket, deadline: deadline)
    } catch {
      throw reason(error)
    }
  }

  /// Ends the process, whatever it is doing.
  func end() {
    guard let process else { return }
    kill(-process, SIGKILL)  // its group: only it and what it started
    kill(process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    forget()
  }

  private func forget() {
    close(socket)
    (process, socket) = (nil, -1)
  }

  private func reason(_ silence: Socket.Silence) -> PluginFault.Reason {
    guard silence == .closed, let process else {
      end()
      return silence == .overdue ? .overdue(seconds: options.seconds) : .malformed
    }
    // The connection is closed: the process is about to end, unless the plug-in closed it.
    var status: Int32 = 0
    let deadline = MonotonicClock.now + 1
    while true {
      let result = waitpid(process, &status, WNOHANG)
      if result == process { break }
      if MonotonicClock.now > deadline {
        end()
        return .malformed
      }
      usleep(200)
    }
    forget()
    let signal = status & 0x7F
    return signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
  }

  /// How many threads are at work although no call is.
  ///
  /// Those of a pool wait for work, and are nothing to speak of.
  func busyThreads() -> Int {
    // One that has just ended its work may take a moment to rest, on a machine with others a long
    // one.
    for _ in 0..<20 {
      guard countBusyThreads() > 0 else { return 0 }
      usleep(5000)
    }
    return countBusyThreads()
  }

  private func countBusyThreads() -> Int {
    guard let process, let folder = opendir("/proc/\(process)/task") else { return 0 }
    defer { closedir(folder) }
    var threads: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix("."), name != "\(process)" { threads.append(name) }
    }
    return threads.count { Self.isBusy("/proc/\(process)/task/\($0)/stat") }
  }

  /// Whether a thread runs: the state is the letter after its name in parentheses (proc(5)).
  private static func isBusy(_ path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = Glibc.read(file, &bytes, bytes.count)
    guard let end = bytes.prefix(max(0, count)).lastIndex(of: UInt8(ascii: ")")),
      bytes.indices.contains(end + 2)
    else { return false }
    return bytes[end + 2] == UInt8(ascii: "R")
  }
}
