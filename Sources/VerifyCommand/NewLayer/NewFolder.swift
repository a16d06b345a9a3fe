import Glibc
import Text

/// A folder that did not exist, and files in it that did not either.
struct NewFolder {
  private let path: String

  /// Makes the folder; throws `Problem` where anything has its name already.
  init(_ path: String) throws {
    self.path = path
    guard mkdir(path, 0o777) == 0 else { throw Problem(path: path, code: errno) }
  }

  /// Writes a file, and the folders on the way to it.
  func write(_ text: String, to name: String) throws {
    let parts = name.split(separator: "/")
    for count in 1..<max(1, parts.count) {
      let folder = path + "/" + parts[..<count].joined(separator: "/")
      guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
        throw Problem(path: folder, code: errno)
      }
    }
    let file = path + "/" + name
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Problem(path: file, code: errno) }
    defer { close(descriptor) }
    var text = text
    try text.withUTF8 { try FileDescriptorWriter.write($0, to: descriptor, name: file) }
  }

  /// Why a package cannot be written.
  struct Problem: Error, CustomStringConvertible {
    let path: String
    let code: CInt

    var description: String {
      let name = UntrustedText(path).terminal
      if code == EEXIST {
        return "\(name) exists already, and nothing in it is changed: choose another place with "
          + "--directory"
      }
      return "cannot write \(name) (\(String(cString: strerror(code)))): choose another place with "
        + "--directory"
    }
  }
}
