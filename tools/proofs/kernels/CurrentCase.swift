import Glibc

/// What is being computed, for the case that the program is stopped in the middle of it.
enum CurrentCase {
  private static let capacity = 1_024
  // Written by the main thread between two calls of kernels, read by the handler.
  private nonisolated(unsafe) static let text = UnsafeMutablePointer<CChar>.allocate(
    capacity: capacity)

  /// Notes what is computed from now on.
  static func set(_ description: String) {
    description.withCString { _ = strncpy(text, $0, capacity - 1) }
    text[capacity - 1] = 0
  }

  /// Makes a forbidden access, or a trap, tell what was being computed.
  static func reportWhenStopped() {
    set("nothing yet")
    // The sanitizer reports all but its own end by itself.
    for number in Memory.isSanitized ? [SIGABRT] : [SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGTRAP] {
      signal(number) { _ in
        for line in ["\nstopped by a forbidden access or a trap in: ", nil, "\n"] as [StaticString?]
        {
          if let line {
            _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
          } else {
            _ = write(STDERR_FILENO, CurrentCase.text, strlen(CurrentCase.text))
          }
        }
        _exit(1)
      }
    }
  }
}
