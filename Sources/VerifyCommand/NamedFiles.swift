import Glibc

/// The HDF5 files that a command line names, counted before it is parsed.
enum NamedFiles {
  /// What such a file begins with, but for one with a user block.
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// How many of the arguments are paths of HDF5 files.
  ///
  /// One that is not opened in the end costs a process that ends unused.
  static func count(in arguments: [String]) -> Int {
    arguments.dropFirst().count { !$0.hasPrefix("-") && isHDF5($0) }
  }

  private static func isHDF5(_ path: String) -> Bool {
    var status = stat()
    // A pipe loses what is read from it, and a device may do anything when it is opened.
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { return false }
    defer { close(file) }
    var start = [UInt8](repeating: 0, count: signature.count)
    return pread(file, &start, start.count, 0) == start.count && start == signature
  }
}
