import FixtureDrafts
import Foundation

/// One run of the built command whose standard output is a terminal.
struct TerminalRun {
  /// What appeared on the terminal.
  let output: String

  /// `TIOCSPTLCK` and `TIOCGPTN` of Linux's `asm-generic/ioctls.h`, which Swift does not import.
  private static let lock = UInt(0x4004_5431)
  private static let number = UInt(0x8004_5430)

  init(_ arguments: String..., environment: [String: String]) throws {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0 else { throw SystemFailure(code: errno) }
    defer { close(master) }
    var (isLocked, number): (CInt, CUnsignedInt) = (0, 0)
    guard ioctl(master, Self.lock, &isLocked) == 0, ioctl(master, Self.number, &number) == 0 else {
      throw SystemFailure(code: errno)
    }
    let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    let errors = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(errors) }
    let process = try SpawnedCommand(
      arguments, environment: environment, output: terminal, errors: errors)
    close(terminal)
    // Reading fails once the last process has closed the terminal.
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(master, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
    }
    _ = try process.wait(seconds: 60)
    output = String(decoding: bytes, as: UTF8.self)
  }
}
