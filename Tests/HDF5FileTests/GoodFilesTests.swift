import HDF5File
import Testing
import Text

/// Every kind of file that must be read, written by h5py (good-corpus.py).
@Suite struct GoodFilesTests {
  static let files = ["default.h5", "v110.h5", "userblock.h5", "userblock-v110.h5"]

  @Test(arguments: files) func elementTypes(_ name: String) throws {
    let file = try Corpus.open("good/" + name)
    let types = try #require(file.catalogue.root.group("types"))
    let expected: [String: ElementType] = [
      "f2": .float16, "f4": .float32, "f8": .float64, "f2be": .float16, "f4be": .float32,
      "f8be": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "i1be": .int8,
      "i2be": .int16, "i4be": .int32, "i8be": .int64, "u1": .uint8, "u2": .uint16,
      "u4": .uint32, "u8": .uint64, "bool": .boolean, "bf16": .bfloat16,
    ]
    for (name, type) in expected {
      let dataset = try #require(types.dataset(name), "\(name)")
      #expect(dataset.elementType == type, "\(name)")
      #expect(dataset.shape == [5, 7], "\(name)")
      let wanted =
        type == .boolean
        ? (0..<35).map { $0 % 3 == 0 ? 1.0 : 0 }
        : Corpus.values(35, unsigned: name.hasPrefix("u"))
      #expect(try file.read(dataset, as: Double.self) == wanted, "\(name)")
      if type != .float64 {
        #expect(try file.read(dataset, as: Float.self) == wanted.map { Float($0) }, "\(name)")
      }
      if !type.isFloatingPoint {
        #expect(try file.read(dataset, as: Int64.self) == wanted.map { Int64($0) }, "\(name)")
      }
    }
    let scalar = try #require(types.dataset("scalar"))
    #expect(scalar.shape == [])
    #expect(try file.read(scalar, as: Float.self) == [2.5])
    let empty = try #require(types.dataset("empty"))
    #expect(empty.problem == nil && empty.shape == [0, 4])
    #expect(try file.read(empty, as: Float.self) == [])
  }

  @Test(arguments: files) func layouts(_ name: String) throws {
    let file = try Corpus.open("good/" + name)
    let layouts = try #require(file.catalogue.root.group("layouts"))
    #expect(layouts.datasets.count == 16)
    for (name, dataset) in layouts.datasets {
      let wanted = Corpus.values(dataset.count)
      #expect(dataset.problem == nil, "\(name.string): \(String(describing: dataset.problem))")
      #expect(try file.read(dataset, as: Double.self) == wanted, "\(name.string)")
      for window in [0..<1, 3..<47, 100..<101, 17..<10_000] {
        let window = window.clamped(to: 0..<dataset.count)
        let part = try file.read(dataset, elements: window, as: Double.self)
        #expect(part == Array(wanted[window]), "\(name.string) \(window)")
      }
    }
    #expect(layouts.dataset("compact")?.storageKind == .compact)
    #expect(layouts.dataset("contiguous")?.storageKind == .contiguous)
    #expect(
      layouts.dataset("all")?.storageKind
        == .chunked(shape: [3, 5, 3], filters: [.shuffle, .deflate, .fletcher32]))
  }

  @Test(arguments: files) func attributes(_ name: String) throws {
    let file = try Corpus.open("good/" + name)
    let group = try #require(file.catalogue.root.group("attributes"))
    func text(_ strings: String...) -> [UntrustedText] { strings.map { UntrustedText($0) } }
    let expected: [String: AttributeValue] = [
      "text": .strings(text("grün"), shape: []),
      "fixed": .strings(text("fixed"), shape: []),
      "texts": .strings(text("a", "bc", ""), shape: [3]),
      "fixed_texts": .strings(text("a", "bc"), shape: [2]),
      "spaces": .strings(text("ab"), shape: []),
      "int": .integers([42], shape: []),
      "ints": .integers([1, -2, 3, 4], shape: [2, 2]),
      "real": .reals([0.5], shape: []),
      "reals": .reals([1.5, -2.5], shape: [2]),
      "half": .reals([1.5], shape: []),
      "bool": .booleans([true], shape: []),
      "bools": .booleans([true, false], shape: [2]),
      "huge": .unsupported("integers beyond 63 bits"),
      "compound": .unsupported("compound"),
      "nothing": .unsupported("null"),
      "empty": .reals([], shape: [0]),
    ]
    for (name, value) in expected { #expect(group.attribute(name) == value, "\(name)") }
    #expect(group.attributes.count == expected.count)
    let dense = try #require(file.catalogue.root.group("dense"))
    #expect(dense.attributes.count == 40)
    #expect(dense.attribute("a39") == .integers([39], shape: []))
  }

  @Test(arguments: files) func links(_ name: String) throws {
    let file = try Corpus.open("good/" + name)
    let root = file.catalogue.root
    let here = try #require(root.dataset("links/here"))
    let there = try #require(root.dataset("links/there"))
    #expect(here.objectID == there.objectID)
    #expect(try file.read(there, as: Double.self) == Corpus.values(6))
    let below = try #require(root.dataset("links/group/below"))
    #expect(root.dataset("links/again/below")?.objectID == below.objectID)
    let many = try #require(root.group("many"))
    #expect(many.datasets.count == 30)
    #expect(many.datasets.first?.name == "m29", "order of creation")
    #expect(root.group("absent") == nil && root.dataset("links/absent") == nil)
  }

  @Test func manyChunks() throws {
    let file = try Corpus.open("good/many-chunks.h5")
    let dataset = try #require(file.catalogue.root.dataset("a"))
    #expect(try file.read(dataset, as: Double.self) == Corpus.values(dataset.count))
  }

  @Test func partialChunksWithoutFilters() throws {
    let file = try Corpus.open("good/partial-raw.h5")
    let dataset = try #require(file.catalogue.root.dataset("x"))
    #expect(dataset.storageKind == .chunked(shape: [4, 4], filters: [.shuffle, .deflate]))
    #expect(try file.read(dataset, as: Double.self) == Corpus.values(70))
  }

  @Test func remarks() throws {
    #expect(try Corpus.open("good/trailing.h5").remarks == [.bytesAfterEnd(100)])
    #expect(try Corpus.open("good/userblock.h5").remarks == [.userBlock(512)])
  }

  @Test func confinementIsInForce() throws {
    let file = try Corpus.open("good/trailing.h5")
    #expect(file.confinement.isSuperset(of: [.resourceLimits, .noNewPrivileges]))
  }
}
