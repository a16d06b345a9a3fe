import Glibc

/// The processors that this process may use: in a container often fewer than the machine has.
///
/// A helper that watches on the processor of the thread that it is to help would be in its way.
package enum Processors {
  /// At least 1.
  package static let count: Int = {
    let online = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return min(online, allowed(status: status()) ?? online)
  }()

  /// The processors of a mask in the text of `/proc/self/status`, `Cpus_allowed:\tf,0000000f`.
  ///
  /// None, if it does not say or allows none. The mask may name processors that do not exist.
  package static func allowed(status: String) -> Int? {
    let key = "Cpus_allowed:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) })
    else { return nil }
    let digits = line.dropFirst(key.count).filter { $0 != "," && $0 != "\t" && $0 != " " }
    var count = 0
    for digit in digits {
      guard let value = digit.hexDigitValue else { return nil }
      count += value.nonzeroBitCount
    }
    return count > 0 ? count : nil
  }

  /// What the system says about this process; empty if it says nothing.
  private static func status() -> String {
    guard let file = fopen("/proc/self/status", "r") else { return "" }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 16_384)
    let count = fread(&text, 1, text.count, file)
    return String(decoding: text.prefix(count), as: UTF8.self)
  }
}
