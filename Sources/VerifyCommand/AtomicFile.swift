import Glibc
import Reports

/// A text file that appears at its path only once it is complete.
///
/// It is written beside its final place, flushed to the disk and then renamed, so that a run that
/// is killed leaves either the old file or the new one. A pipe or a device is written to as it is.
final class AtomicFile: TextOutput {
  private let path: String
  /// Where the text stands until it is complete; nil for a pipe or a device.
  private let temporary: String?
  private let descriptor: CInt
  private var isCommitted = false

  init(path: String) throws {
    self.path = path
    var facts = stat()
    if stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG {
      temporary = nil
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw OutputError(name: path, code: errno) }
      return
    }
    var template = Array("\(path).XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw OutputError(name: path, code: errno) }
    temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // `mkstemp` makes the file private; a report is as readable as any new file.
    let mask = umask(0)
    umask(mask)
    fchmod(descriptor, 0o666 & ~mask)
  }

  deinit {
    close(descriptor)
    if !isCommitted, let temporary { unlink(temporary) }
  }

  func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try FileDescriptorWriter.write($0, to: descriptor, name: path) }
  }

  /// Flushes the file and gives it its name.
  func commit() throws {
    guard let temporary else { return }
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      throw OutputError(name: path, code: errno)
    }
    isCommitted = true
    try syncFolder()
  }

  private func syncFolder() throws {
    let folder =
      path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) : "."
    let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError(name: folder, code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw OutputError(name: folder, code: errno) }
  }
}

/// Writes all of some bytes.
enum FileDescriptorWriter {
  static func write(
    _ bytes: UnsafeBufferPointer<UInt8>, to descriptor: CInt, name: String
  ) throws {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw OutputError(name: name, code: errno) }
      done += count
    }
  }
}

/// A report could not be written.
struct OutputError: Error, CustomStringConvertible {
  let name: String
  let code: CInt

  var description: String {
    "cannot write \(name) (\(String(cString: strerror(code)))): choose another place for the report"
  }
}
