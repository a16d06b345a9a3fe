import Glibc
import HDF5File
import Reports

/// A text file that appears at its path only once it is complete.
///
/// A run that is killed leaves either the old file or the new one. A pipe or a device is written
/// to as it is.
final class AtomicFile: TextOutput {
  private let path: String
  /// Where the text stands until it is complete; nil for a pipe or a device.
  private var temporary: TemporaryFile?
  private let descriptor: CInt

  init(path: String) throws {
    self.path = path
    var facts = stat()
    let isStream = stat(path, &facts) == 0 && facts.st_mode & S_IFMT != S_IFREG
    do {
      temporary = isStream ? nil : try TemporaryFile(for: path)
    } catch {
      throw OutputError(name: path, code: errno)
    }
    descriptor = open(temporary?.path ?? path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError(name: path, code: errno) }
  }

  deinit { close(descriptor) }

  func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try FileDescriptorWriter.write($0, to: descriptor, name: path) }
  }

  /// Flushes the file and gives it its name.
  func commit() throws {
    do {
      try temporary.take()?.commit()
    } catch {
      throw OutputError(name: path, code: errno)
    }
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
