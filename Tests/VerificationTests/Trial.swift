import Discrepancy
import FixtureDrafts
import HDF5File
import Interchange
import LayerKit
import Reports
import StandardLayers
import Testing
import Verification

/// A fixture, verified in this process, and all that was reported.
struct Trial {
  private(set) var events: [Event] = []

  /// Verifies a fixture that a test has drafted.
  init(_ draft: FixtureDraft, _ options: VerificationOptions = .init()) throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try self.init(path: folder.write(draft), options)
  }

  /// Verifies a committed fixture, by its name.
  init(committed name: String, _ options: VerificationOptions = .init()) throws {
    let source = #filePath
    let folder = source.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(source[..<$0]) } ?? "."
    try self.init(path: "\(folder)/Fixtures/\(name).h5", options)
  }

  private init(path: String, _ options: VerificationOptions) throws {
    let fixture = try Fixture(
      path: path, registry: LayerRegistry([StandardLayers.self]),
      options: ReadOptions(worker: WorkerExecutable(path: BuiltCommand.path)))
    var events: [Event] = []
    try FixtureVerification(fixture, options: options).run { events.append($0) }
    self.events = events
  }

  /// The reports of the layers, in order.
  var layers: [LayerReport] {
    events.compactMap { event in
      if case .layer(let report) = event { report } else { nil }
    }
  }

  /// The report of one layer.
  func layer(_ name: String, of caseName: String? = nil) throws -> LayerReport {
    let found = layers.filter { $0.layer.name == name && $0.layer.caseName == caseName }
    try #require(found.count == 1, "\(found.count) reports of \(name)")
    return found[0]
  }

  /// One tensor of a layer.
  func tensor(
    _ path: String, of name: String, against reference: String = "reference"
  ) throws -> TensorReport {
    let found = try layer(name).tensors.filter { $0.path == path && $0.reference == reference }
    try #require(found.count == 1, "\(found.count) reports of \(path) of \(name)")
    return found[0]
  }

  /// The chained run's row of one tensor.
  func chained(_ path: String, of name: String) throws -> ChainedReport {
    try #require(try layer(name).chained.first { $0.path == path }, "\(path) of \(name)")
  }

  /// The verdicts of the layers, by name.
  var verdicts: [String: Verdict] {
    Dictionary(layers.map { ($0.layer.name, $0.verdict) }) { first, _ in first }
  }

  /// The verdicts of the tensors of a layer, by path.
  func verdicts(
    of name: String, against reference: String = "reference"
  ) throws -> [String: Verdict] {
    let tensors = try layer(name).tensors.filter { $0.reference == reference }
    return Dictionary(tensors.map { ($0.path, $0.verdict) }) { _, second in second }
  }
}
