// CatalogueProbe.swift

/// The two halves of opening a file, apart: for fuzzers that put something else between them.
package enum CatalogueProbe {
  /// The bytes that the confined process sends about a file.
  package static func survey(
    _ path: String, _ worker: WorkerExecutable
  ) throws(HDF5Problem) -> [UInt8] {
    let file = try OpenFile(path: path)
    let process = try WorkerProcess(worker, file: file.descriptor, timeout: 30)
    let output = process.output
    _ = process.end()
    return output
  }

  /// Reads what claims to be a catalogue of a file of some size.
  ///
  /// - Parameters:
  ///   - bytes: what claims to be a catalogue.
  ///   - fileSize: bytes of the file that it claims to be about.
  /// - Returns: the number of datasets that may be read, or nil where the bytes are refused.
  package static func readableDatasets(_ bytes: [UInt8], fileSize: Int) -> Int? {
    var parser = CatalogueParser()
    do throws(MalformedCatalogue) {
      try parser.parse(bytes)
    } catch {
      return nil
    }
    guard parser.catalogue.isComplete, let root = parser.catalogue.root else { return nil }
    var builder = CatalogueBuilder(
      bounds: StorageBounds(fileSize: fileSize, budget: 1 << 30))
    do throws(PlacedProblem) {
      let built = try builder.build(root, reserved: 48)
      return Self.readable(built.root)
    } catch {
      return nil
    }
  }

  private static func readable(_ group: Group) -> Int {
    group.datasets.count { $0.dataset.problem == nil }
      + group.groups.reduce(0) { $0 + readable($1.group) }
  }
}
