import FixtureDrafts
import HDF5File
import Interchange
import LayerKit

/// The committed files that `MakeFixtures` writes, opened with the kinds of `TestLayers`.
enum TestFixtures {
  /// Opens `good/network` and the like.
  static func open(_ name: String) throws -> Fixture {
    try Fixture(path: path(name), registry: registry(), options: options)
  }

  /// Everything that is wrong with a file.
  static func problems(_ name: String) throws -> [FixtureProblem] {
    do {
      _ = try open(name)
      return []
    } catch let error as FixtureError {
      return error.problems
    }
  }

  static func registry() throws -> LayerRegistry { try LayerRegistry([TestLayers.self]) }

  static func path(_ name: String) -> String {
    folder(of: #filePath) + "/Fixtures/\(name).h5"
  }

  /// The built command, which stands beside the test program and knows the worker's role.
  static let options = ReadOptions(worker: WorkerExecutable(path: BuiltCommand.path))

  private static func folder(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
  }
}
