// Fixture.swift

public import HDF5File
public import LayerKit

/// A fixture that has been found in order as a whole; no tensor has been read yet.
public struct Fixture: Sendable {
  /// The path of the file, as given.
  public var path: String { file.path }
  /// The file.
  public let file: HDF5File
  /// The cases in the order of the file; one without a name where the file has no cases.
  public internal(set) var cases: [FixtureCase]
  /// The paths of all that was ignored: what the root does not name, and what begins with `x_`.
  public let ignored: [String]

  /// Opens a fixture and checks everything but the numbers.
  ///
  /// Throws `HDF5Error` where the file cannot be used, and `FixtureError` with all that is wrong
  /// with its content.
  public init(path: String, registry: LayerRegistry, options: ReadOptions = .init()) throws {
    try self.init(file: HDF5File(path: path, options: options), registry: registry)
  }

  /// Checks a file that is already open.
  public init(file: HDF5File, registry: LayerRegistry) throws(FixtureError) {
    var reader = RootReader(file: file, registry: registry)
    let cases = reader.read()
    guard reader.problems.isEmpty else {
      throw FixtureError(path: file.path, problems: reader.problems)
    }
    self.file = file
    self.cases = cases
    self.ignored = reader.ignored
  }
}
