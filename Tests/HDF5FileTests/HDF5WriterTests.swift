import FixtureDrafts
import Glibc
import HDF5File
import Testing
import Text

/// What is written is read back, and appears whole or not at all.
@Suite struct HDF5WriterTests {
  /// Stays as long as the test runs.
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func roundTrip() throws {
    let path = folder("a.h5")
    let reals = (0..<60).map { Double($0) / 7 }
    let attributes: [(String, AttributeValue)] = [
      ("bool", .booleans([true], shape: [])), ("int", .integers([-5], shape: [])),
      ("ints", .integers([1, 2, 3], shape: [3])), ("real", .reals([0.1], shape: [])),
      ("text", .strings([UntrustedText("grün")], shape: [])),
      ("texts", .strings(["a", "", "bcd"].map { UntrustedText($0) }, shape: [3])),
      ("truths", .booleans([true, false], shape: [2])),
    ]
    do {
      let writer = try HDF5Writer(path: path)
      try writer.group("layers/conv1")
      for (name, value) in attributes { try writer.attribute(name, of: "layers/conv1", value) }
      try writer.attribute("format", .strings([UntrustedText("x")], shape: []))
      try writer.dataset("a/b/double", reals, shape: [3, 4, 5])
      try writer.dataset(
        "a/b/packed", reals.map { Float($0) }, shape: [3, 4, 5],
        compression: DatasetCompression(chunkShape: [2, 3, 5]))
      try writer.dataset("a/int", [Int64.min, 0, .max], shape: [3])
      try writer.dataset("a/byte", [7 as UInt8], shape: [])
      try writer.dataset("a/none", [Float](), shape: [0, 2])
      try writer.link("a/again", to: "a/int")
      try writer.commit()
    }
    #expect(folder.names == ["a.h5"])
    let file = try HDF5File(path: path, options: Corpus.options())
    let root = file.catalogue.root
    let conv = try #require(root.group("layers/conv1"))
    for (name, value) in attributes { #expect(conv.attribute(name) == value, "\(name)") }
    #expect(root.attribute("format") == .strings([UntrustedText("x")], shape: []))
    #expect(try file.read(#require(root.dataset("a/b/double")), as: Double.self) == reals)
    let packed = try #require(root.dataset("a/b/packed"))
    #expect(packed.storageKind == .chunked(shape: [2, 3, 5], filters: [.shuffle, .deflate]))
    #expect(try file.read(packed, as: Float.self) == reals.map { Float($0) })
    let whole = try #require(root.dataset("a/again"))
    #expect(try file.read(whole, as: Int64.self) == [.min, 0, .max])
    #expect(whole.objectID == root.dataset("a/int")?.objectID)
    do throws(HDF5Error) {
      _ = try file.read(whole, as: Double.self)
      Issue.record("2^63 - 1 is no Double")
    } catch {
      #expect(
        error.reason
          == .notRepresentable(element: 2, value: "9223372036854775807", as: "Double"))
    }
    #expect(try file.read(#require(root.dataset("a/byte")), as: Int64.self) == [7])
    #expect(root.dataset("a/none")?.shape == [0, 2])
  }

  @Test func abandonedLeavesNothing() throws {
    let path = folder("a.h5")
    do {
      let writer = try HDF5Writer(path: path)
      try writer.dataset("x", [1 as Float], shape: [1])
      try writer.commit()
    }
    do {
      let writer = try HDF5Writer(path: path)
      try writer.dataset("y", [2 as Float], shape: [1])
      #expect(folder.names.count == 2)
    }
    #expect(folder.names == ["a.h5"])
    let file = try HDF5File(path: path, options: Corpus.options())
    #expect(file.catalogue.root.dataset("x") != nil)
    #expect(file.catalogue.root.dataset("y") == nil)
  }

  @Test func refusalNamesTheObject() throws {
    let writer = try HDF5Writer(path: folder("a.h5"))
    try writer.dataset("x", [1 as Float], shape: [1])
    do throws(HDF5Error) {
      try writer.dataset("x", [1 as Float], shape: [1])
      Issue.record("written twice")
    } catch {
      #expect(error.reason == .library(.write))
      #expect(error.object == ObjectPath(names: ["x"]))
      #expect(!error.frames.isEmpty)
    }
  }

  @Test func refusesAnAbsentFolder() {
    do throws(HDF5Error) {
      _ = try HDF5Writer(path: "/absent/a.h5")
      Issue.record("created")
    } catch {
      #expect(error.reason == .cannotWrite(operation: "creating it", errno: ENOENT))
    }
  }

  @Test func noticesChange() throws {
    let path = folder("a.h5")
    let writer = try HDF5Writer(path: path)
    try writer.dataset("x", [1 as Float], shape: [1])
    try writer.commit()
    let file = try HDF5File(path: path, options: Corpus.options())
    try file.verifyUnchanged()
    #expect(truncate(path, 100) == 0)
    #expect(throws: HDF5Error.self) { try file.verifyUnchanged() }
  }
}
