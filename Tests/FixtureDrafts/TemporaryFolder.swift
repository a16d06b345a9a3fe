import Glibc

/// A new folder that is removed with everything in it when nobody holds it any more.
///
/// Keep it with `withExtendedLifetime` where only a path of it goes on.
public final class TemporaryFolder: Sendable {
  /// The path of the folder.
  public let path: String

  /// Makes a folder.
  public init() throws {
    var template = "/tmp/cnn-verify-tests.XXXXXX".utf8CString.map { $0 }
    guard mkdtemp(&template) != nil else { throw SystemFailure(code: errno) }
    path = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.empty(path) }

  /// The path of a file in the folder.
  public func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Writes a fixture into the folder and returns its path.
  public func write(_ draft: FixtureDraft, _ name: String = "net.h5") throws -> String {
    try draft.write(to: self(name))
    return self(name)
  }

  /// The names in the folder, sorted.
  public var names: [String] { Self.names(in: path) }

  private static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func empty(_ folder: String) {
    for name in names(in: folder) {
      let path = folder + "/" + name
      if unlink(path) != 0 { empty(path) }
    }
    rmdir(folder)
  }
}

/// The system refused something that a test needs.
public struct SystemFailure: Error {
  /// The error number.
  public let code: CInt

  /// Names an error number.
  public init(code: CInt) { self.code = code }
}
