import FixtureDrafts
import Foundation
import Testing

/// A run that is ended keeps what it found.
@Suite struct InterruptionTests {
  /// The report is written to a pipe that nobody empties before the signal was sent.
  ///
  /// It is longer than the 64 KiB that a pipe holds, so that the process cannot have ended by then.
  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
  func aSignalEndsTheRunWithASummary(_ signal: Int32, _ status: Int32) throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    var draft = FixtureDraft()
    for index in 0..<200 { draft.addReLU("relu\(index)") }
    let path = try folder.write(draft)

    let pipe = Pipe()
    let (reader, writer) = (pipe.fileHandleForReading, pipe.fileHandleForWriting)
    let errors = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(errors) }
    let process = try SpawnedCommand(
      [path, "--json", "-"], environment: [:], output: writer.fileDescriptor, errors: errors)
    try writer.close()
    var output = try #require(try reader.read(upToCount: 1))
    #expect(kill(process.process, signal) == 0)
    output += try reader.readToEnd() ?? Data()
    let end = try process.wait(seconds: 60)

    #expect(end.status == status && end.signal == 0)
    let records = try CommandRun.records(String(decoding: output, as: UTF8.self))
    let summary = try #require(records.summary)
    #expect(summary["status"] as? String == "incomplete")
    #expect(summary["layers"] as? Int == records.layerVerdicts.count)
    #expect(records.layerVerdicts.count < 200)
  }
}
