import FixtureDrafts
import Foundation
import Testing

/// One run of the built command, from its start to its end.
struct CommandRun {
  /// The exit status; nil where a signal ended the process.
  let status: Int32?
  /// The signal that ended it; 0 for none.
  let signal: Int32
  /// What it wrote on standard output.
  let output: String
  /// What it wrote on standard error.
  let errors: String

  /// Both streams.
  var text: String { output + errors }

  /// Runs the command and waits for it, at most for `seconds`.
  ///
  /// - Parameters:
  ///   - arguments: What follows the name of the command.
  ///   - environment: Variables beside those of the tests.
  ///   - memory: The bytes of address space that the process, and those that it starts, may have.
  ///   - seconds: The time after which the process is ended.
  /// - Throws: `SpawnedCommand.Overdue` where the process had to be ended.
  init(
    _ arguments: String..., environment: [String: String] = [:], memory: Int? = nil,
    seconds: Double = 60
  ) throws {
    try self.init(arguments, environment: environment, memory: memory, seconds: seconds)
  }

  init(
    _ arguments: [String], environment: [String: String] = [:], memory: Int? = nil,
    seconds: Double = 60
  ) throws {
    let folder = try TemporaryFolder()
    let output = open(folder("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    let errors = open(folder("err"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer {
      close(output)
      close(errors)
    }
    let process = try SpawnedCommand(
      arguments, environment: environment, memory: memory, output: output, errors: errors)
    let end = try process.wait(seconds: seconds)
    (status, signal) = (end.status, end.signal)
    self.output = try String(contentsOfFile: folder("out"), encoding: .utf8)
    self.errors = try String(contentsOfFile: folder("err"), encoding: .utf8)
  }

  /// The lines of standard output, each parsed as a JSON object.
  func records() throws -> [[String: Any]] { try Self.records(output) }

  /// Lines of JSON, each parsed by another implementation than the one that wrote it.
  static func records(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
      try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }
}

extension [[String: Any]] {
  /// The one record of an isolated tensor.
  func tensor(_ path: String, of layer: String) throws -> [String: Any] {
    let found = filter {
      $0["record"] as? String == "tensor" && $0["mode"] as? String == "isolated"
        && $0["layer"] as? String == layer && $0["tensor"] as? String == path
    }
    try #require(found.count == 1, "\(found.count) records of \(path) of \(layer)")
    return found[0]
  }

  /// The verdicts of the layers, by name.
  var layerVerdicts: [String: String] {
    var verdicts: [String: String] = [:]
    for record in self where record["record"] as? String == "layer" {
      verdicts[record["layer"] as? String ?? ""] = record["verdict"] as? String
    }
    return verdicts
  }

  /// The last record, if it is the summary.
  var summary: [String: Any]? { last.flatMap { $0["record"] as? String == "summary" ? $0 : nil } }
}
