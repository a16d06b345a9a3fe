import Glibc

/// A shared library that a test builds from C.
public struct BuiltPlugin: Sendable {
  /// The absolute path of the library.
  public let path: String
  private let folder: TemporaryFolder

  /// The compiler refused the source.
  public struct Refused: Error {
    /// The command.
    public let command: [String]
  }

  /// Where the header of the toolkit is.
  public static let header = repository + "/Sources/CLayerABI/include"
  /// Where the sources of plug-ins for tests are.
  public static let sources = repository + "/Tests/PluginHostTests/Plugins"

  private static let repository: String = {
    let parts = #filePath.split(separator: "/")
    return "/" + parts.dropLast(3).joined(separator: "/")
  }()

  /// Compiles `scale.c`, or another source, with lines of C in some places.
  ///
  /// `places` has the text for each macro of the source, `["IN_FORWARD": "abort();"]`; `header` is
  /// where `cnn_layer.h` is, and `entry` the name of the exported function.
  public init(
    _ places: [String: String] = [:], name: String = "acme", header: String = Self.header,
    entry: String = "cnn_plugin_entry", flags: [String] = [], source: String = "scale.c"
  ) throws {
    folder = try TemporaryFolder()
    path = folder("lib\(name).so")
    let macros = places.sorted { $0.key < $1.key }.map { "-D\($0.key)=\($0.value)" }
    try Self.run(
      ["/usr/bin/cc", "-std=gnu11", "-O1", "-g0", "-fPIC", "-shared", "-pthread"] + flags
        + ["-DENTRY=\(entry)", "-I\(header)", "-o", path] + macros
        + [Self.sources + "/" + source, "-lm"])
    // Whatever the tests' umask, others must not be able to write it.
    chmod(path, 0o755)
  }

  private static func run(_ command: [String]) throws {
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    arguments.append(nil)
    let search = strdup("PATH=/usr/bin:/bin")
    defer { free(search) }
    var process = pid_t()
    var status: Int32 = 0
    guard posix_spawn(&process, command[0], nil, nil, arguments, [search, nil]) == 0,
      waitpid(process, &status, 0) == process, status == 0
    else { throw Refused(command: command) }
  }
}
