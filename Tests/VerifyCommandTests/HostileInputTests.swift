import FixtureDrafts
import Foundation
import Testing

/// What is no fixture: status 2, one line that names the file, no crash, little memory.
@Suite struct HostileInputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Memory far below what the files claim to hold: a process that wants more is refused, and ends.
  private static let memory = 1 << 30

  private func refuses(_ path: String) throws {
    for arguments in [[path], [path, "--quiet"]] {
      let run = try CommandRun(arguments, memory: Self.memory, seconds: 20)
      #expect(run.status == 2 && run.signal == 0, "\(path): \(run)")
      let lines = run.text.split(separator: "\n")
      #expect(lines.count == 1 && lines.allSatisfy { $0.contains(path) }, "\(path): \(run)")
    }
    let json = try CommandRun(path, "--json", "-", memory: Self.memory, seconds: 20)
    let records = try json.records()
    #expect(json.status == 2 && records.count == 2 && records.summary?["exit"] as? Int == 2)
    #expect(records.first?["fixture"] as? String == path)
  }

  @Test func whatIsNoFile() throws {
    try refuses(folder.path)
    try refuses(folder("absent.h5"))
    let pipe = folder("pipe.h5")
    #expect(mkfifo(pipe, 0o600) == 0)
    try refuses(pipe)
  }

  @Test func anEmptyFile() throws {
    try Data().write(to: URL(fileURLWithPath: folder("empty.h5")))
    try refuses(folder("empty.h5"))
  }

  @Test func randomBytes() throws {
    var state: UInt64 = 20_260_101
    let bytes = (0..<100_000).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    try Data(bytes).write(to: URL(fileURLWithPath: folder("random.h5")))
    try refuses(folder("random.h5"))
  }

  @Test(arguments: [0.05, 0.5, 0.99])
  func aTruncatedFile(_ part: Double) throws {
    let path = try folder.write(.network())
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let count = Int(Double(whole.count) * part)
    try whole.prefix(count).write(to: URL(fileURLWithPath: path))
    try refuses(path)
  }

  /// Files that the reader of HDF5 is tested with.
  @Test(
    arguments: [
      "external_link", "external_middle", "external_storage", "soft_link", "virtual", "cycle",
      "deep", "dag", "overlap", "over_superblock", "signature_only", "large_attribute",
      "invalid_name", "broken_header",
    ])
  func aHostileFile(_ name: String) throws {
    try refuses(Self.corpus(name))
  }

  /// A layer whose weight claims 2⁴⁰ elements of which none was ever written.
  @Test func aHugeDatasetWithoutStorage() throws {
    let run = try CommandRun(Self.fixture("huge"), memory: Self.memory, seconds: 20)
    #expect(run.status == 2 && run.signal == 0, "\(run)")
    let messages = run.output.split(separator: "\n").filter { $0.contains("parameters/weight") }
    #expect(messages.count == 1, "\(run)")
  }

  @Test func manyHostileFilesInOneRun() throws {
    let good = try folder.write(.linear())
    let names = ["external_link", "cycle", "truncated", "random", "empty"].map(Self.corpus)
    let run = try CommandRun(names + [good, "--json", "-"])
    let records = try run.records()
    #expect(run.status == 2 && records.layerVerdicts == ["fc": "agree"])
    #expect(records.filter { $0["record"] as? String == "error" }.count == names.count)
  }

  private static func corpus(_ name: String) -> String {
    tests + "/HDF5FileTests/Corpus/hostile/\(name).h5"
  }

  private static func fixture(_ name: String) -> String {
    tests + "/VerificationTests/Fixtures/\(name).h5"
  }

  private static let tests = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().path
}
