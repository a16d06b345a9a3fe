import ArgumentParser
import Glibc
import Synchronization

/// SIGINT and SIGTERM: the run ends after the current layer, and what was found is kept.
///
/// A second signal ends it at once.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  static func watch() {
    for number in [SIGINT, SIGTERM] {
      signal(number) {
        Interruption.received.store($0, ordering: .relaxed)
        signal($0, SIG_DFL)
      }
    }
  }

  /// Throws once a signal has arrived.
  static func check() throws {
    let number = received.load(ordering: .relaxed)
    if number != 0 { throw Interrupted(signal: number) }
  }
}

/// The run was ended by a signal.
struct Interrupted: Error {
  let signal: Int32

  /// The exit status that shells expect: 130 for SIGINT, 143 for SIGTERM.
  var exitStatus: Int32 { 128 + signal }
}
