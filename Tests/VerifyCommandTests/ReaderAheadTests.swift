import FixtureDrafts
import Foundation
import Testing

/// The confined reader that is started before the arguments are parsed, as a copy of the command.
@Suite struct ReaderAheadTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A variable for the dynamic linker, with which no copy is made: the reader is a program that is
  /// started anew.
  private static let withoutCopy = ["LD_OF_NO_MEANING": "1"]

  private static let corpus =
    URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().path + "/HDF5FileTests/Corpus"

  /// Crashes, refusals and what is found do not depend on how the reader came about.
  @Test(arguments: ["good", "hostile"])
  func tellsWhatAProgramStartedAnewTells(_ kind: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(Self.corpus)/\(kind)")
    #expect(names.count > 5)
    for name in names.sorted() {
      let path = "\(Self.corpus)/\(kind)/\(name)"
      let copied = try CommandRun(path, "--require-sandbox")
      let started = try CommandRun(path, "--require-sandbox", environment: Self.withoutCopy)
      #expect(copied.text == started.text, "\(name)")
      #expect(copied.status == started.status && copied.signal == 0, "\(name)")
    }
  }

  @Test func verifiesWhatAProgramStartedAnewVerifies() throws {
    let path = try folder.write(FixtureDraft.network(fault: 0.5))
    let copied = try CommandRun(path, "--json", "-")
    let started = try CommandRun(path, "--json", "-", environment: Self.withoutCopy)
    #expect(copied.output == started.output && copied.status == 1 && started.status == 1)
  }

  /// While the command cannot tell of its first file, since nobody empties its pipe, the reader for the
  /// second one waits.
  @Test func findsNoEnvironmentAndNoFilesAndEndsWithTheCommand() throws {
    let path = try folder.write(FixtureDraft.network())
    let pipe = Pipe()
    let writer = pipe.fileHandleForWriting
    Self.fill(writer.fileDescriptor)
    let errors = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(errors) }
    let command = try SpawnedCommand(
      [path, path], environment: ["PASSWORD_PROBE": "swordfish"], output: writer.fileDescriptor,
      errors: errors)

    guard let copy = Self.waitingChild(of: command.process) else {
      kill(command.process, SIGKILL)
      _ = try command.wait(seconds: 20)
      Issue.record("no reader waits")
      return
    }
    let environment = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(copy)/environ"))
    #expect(environment.allSatisfy { $0 == 0 })
    #expect(
      Self.descriptors(of: copy) == [
        "0": "/dev/null", "1": "/dev/null", "2": "/dev/null", "4": "socket",
      ])
    #expect(getpgid(copy) == copy)

    kill(command.process, SIGKILL)
    #expect(try command.wait(seconds: 20).signal == SIGKILL)
    #expect(Self.isGone(copy))
  }

  // MARK: Looking from outside

  /// Fills a pipe, so that the next one who writes waits.
  private static func fill(_ descriptor: CInt) {
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    let bytes = [UInt8](repeating: 0, count: 4096)
    while write(descriptor, bytes, bytes.count) > 0 {}
    _ = fcntl(descriptor, F_SETFL, flags)
  }

  /// The one child that is left of a process that has read its first file and sleeps, as it does.
  private static func waitingChild(of process: pid_t) -> pid_t? {
    let deadline = Date(timeIntervalSinceNow: 20)
    var times = 0
    while Date() < deadline {
      let children = try? String(
        contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
      let processes = children?.split(separator: " ").compactMap { pid_t($0) } ?? []
      let isQuiet =
        processes.count == 1 && (processes + [process]).allSatisfy { state(of: $0) == "S" }
      // For a moment the reader of the first file may look like that too.
      times = isQuiet ? times + 1 : 0
      if times == 100 { return processes[0] }
      usleep(2000)
    }
    return nil
  }

  private static func state(of process: pid_t) -> String? {
    let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return text?.split(separator: ")").last?.split(separator: " ").first.map(String.init)
  }

  /// What the descriptors of a process are, without the numbers of sockets.
  private static func descriptors(of process: pid_t) -> [String: String] {
    let folder = "/proc/\(process)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return Dictionary(
      uniqueKeysWithValues: names.compactMap { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
        return target.map { (name, $0.hasPrefix("socket:") ? "socket" : $0) }
      })
  }

  private static func isGone(_ process: pid_t) -> Bool {
    for _ in 0..<2500 {
      if kill(process, 0) != 0 || state(of: process) == "Z" { return true }
      usleep(2000)
    }
    return false
  }
}
