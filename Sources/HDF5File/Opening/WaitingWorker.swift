internal import CSandbox
internal import Glibc
internal import Synchronization

/// A worker that was started before it was known which file it will read.
struct WaitingWorker {
  /// The process.
  let process: pid_t
  /// Where it takes the file, and where it sends its catalogue.
  let socket: Int32

  private static let waiting = Mutex<WaitingWorker?>(nil)

  /// Keeps a worker for the next file.
  func wait() { Self.waiting.withLock { $0 = self } }

  /// Gives the worker that waits a file, if there is one and it is still there.
  static func take(file: Int32) -> WaitingWorker? {
    let taken = waiting.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
    guard let taken else { return nil }
    if CSandbox_sendFile(taken.socket, file) == 0 { return taken }
    close(taken.socket)
    kill(taken.process, SIGKILL)
    var status: Int32 = 0
    while waitpid(taken.process, &status, 0) < 0, errno == EINTR {}
    return nil
  }
}
