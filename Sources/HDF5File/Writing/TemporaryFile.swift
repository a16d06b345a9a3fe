// TemporaryFile.swift

internal import Glibc

/// A file that takes its name only when it is whole: written beside it, synchronised, renamed.
package struct TemporaryFile: ~Copyable {
  /// The final path.
  let target: String
  /// Where it is until then.
  package let path: String

  /// Creates an empty file of an unused name in the folder of `target`.
  package init(for target: String) throws(HDF5Problem) {
    var template = (target + ".XXXXXX").utf8CString.map { $0 }
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw HDF5Problem(.cannotWrite(operation: "creating it", errno: errno))
    }
    close(descriptor)
    self.target = target
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    unlink(path)
  }

  /// Gives the file its final name, in which it replaces any other.
  package consuming func commit() throws(HDF5Problem) {
    // mkstemp gives rights to the owner alone; a new file has those that the mask leaves.
    let mask = umask(0)
    umask(mask)
    guard chmod(path, 0o666 & ~mask) == 0 else {
      throw HDF5Problem(.cannotWrite(operation: "setting its permissions", errno: errno))
    }
    try Self.synchronise(path)
    guard rename(path, target) == 0 else {
      throw HDF5Problem(.cannotWrite(operation: "renaming it", errno: errno))
    }
    let folder = target.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(target[...$0]) } ?? "."
    try Self.synchronise(folder)
  }

  private static func synchronise(_ path: String) throws(HDF5Problem) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw HDF5Problem(.cannotWrite(operation: "synchronising it", errno: errno))
    }
    let status = fsync(descriptor)
    let number = errno
    close(descriptor)
    guard status == 0 else {
      throw HDF5Problem(.cannotWrite(operation: "synchronising it", errno: number))
    }
  }
}
