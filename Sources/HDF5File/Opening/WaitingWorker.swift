internal import CSandbox
internal import Glibc
internal import Synchronization

/// A worker that was started before it was known which file it will read.
struct WaitingWorker {
  /// The process.
  let process: pid_t
  /// Where it takes the file, and where it sends its catalogue.
  let socket: Int32

  private static let waiting = Mutex<[WaitingWorker]>([])

  /// Keeps a worker for a file to come; it ends with this process at the latest.
  func wait() {
    let isFirst = Self.waiting.withLock { waiting in
      waiting.append(self)
      return waiting.count == 1
    }
    if isFirst { atexit { WaitingWorker.dismissAll() } }
  }

  /// Gives the worker that has waited longest a file, if there is one and it is still there.
  static func take(file: Int32) -> WaitingWorker? {
    let taken = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    guard let taken else { return nil }
    if CSandbox_sendFile(taken.socket, file) == 0 { return taken }
    taken.dismiss()
    return nil
  }

  private static func dismissAll() {
    let unused = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for worker in unused { worker.dismiss() }
  }

  private func dismiss() {
    close(socket)
    kill(process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }
}
