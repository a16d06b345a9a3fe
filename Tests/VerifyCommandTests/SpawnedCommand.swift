import FixtureDrafts
import Foundation

/// The built command, running.
struct SpawnedCommand {
  let process: pid_t

  /// How a process ended.
  struct End {
    let status: Int32?
    let signal: Int32
  }

  /// The process did not end in time, and was ended.
  struct Overdue: Error {}

  init(
    _ arguments: [String], environment: [String: String], memory: Int? = nil, output: CInt,
    errors: CInt
  ) throws {
    var variables = ProcessInfo.processInfo.environment
    // Whether whoever runs the tests likes colours must not matter.
    variables["NO_COLOR"] = nil
    // Another test sets this one to look for it in the confined reader.
    variables["LD_PRELOAD_PROBE"] = nil
    variables.merge(environment) { $1 }
    // A shell sets the limit. What the system reports as a process's largest memory includes that
    // of the process that started it.
    let limit = memory.map { ["/bin/sh", "-c", "ulimit -v \($0 >> 10); exec \"$0\" \"$@\""] } ?? []
    let command = limit + [BuiltCommand.path] + arguments
    let name = command[0]
    let started = Self.withCStrings(command) { argv in
      Self.withCStrings(variables.map { "\($0.key)=\($0.value)" }) { environment in
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        // Threads of tests may hold signals back, and a process starts as its parent is.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process = pid_t()
        let code = posix_spawn(&process, name, &actions, &attributes, argv, environment)
        return (process, code)
      }
    }
    guard started.1 == 0 else { throw SystemFailure(code: started.1) }
    process = started.0
  }

  /// Waits for the end; `look` is called again and again until then.
  func wait(seconds: Double, _ look: () -> Void = {}) throws -> End {
    let deadline = Date(timeIntervalSinceNow: seconds)
    var state: Int32 = 0
    while true {
      let ended = waitpid(process, &state, WNOHANG)
      if ended == process { break }
      guard ended == 0 || errno == EINTR else { throw SystemFailure(code: errno) }
      look()
      guard Date() < deadline else {
        kill(process, SIGKILL)
        waitpid(process, &state, 0)
        throw Overdue()
      }
      usleep(2000)
    }
    let signal = state & 0x7F
    return End(status: signal == 0 ? (state >> 8) & 0xFF : nil, signal: signal)
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}
