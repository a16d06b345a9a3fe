import HDF5File
import Testing

/// References to objects, which MATLAB files consist of, in a file with a user block (h5py).
@Suite struct ReferencesTests {
  @Test func referencesNameObjectsOfTheCatalogue() throws {
    let file = try HDF5File(
      path: WeightSamples.path("references.h5"), options: WeightSamples.reading())
    let root = file.catalogue.root
    let array = try #require(root.dataset("#refs#/b")).objectID
    let group = try #require(root.group("#refs#/c")).objectID
    let layers = try #require(root.dataset("net/layers"))
    #expect(layers.isReference && layers.shape == [1, 2])
    #expect(try file.references(layers) == [array, group])
    let chunked = try #require(root.dataset("net/chunked"))
    #expect(try file.references(chunked) == [group, array, root.objectID])
    #expect(try file.references(#require(root.dataset("net/null"))) == [0])
  }

  @Test func numbersAreNoReferencesAndReferencesNoNumbers() throws {
    let file = try HDF5File(
      path: WeightSamples.path("references.h5"), options: WeightSamples.reading())
    let root = file.catalogue.root
    let numbers = try #require(root.dataset("#refs#/b"))
    #expect(!numbers.isReference)
    #expect(throws: HDF5Error.self) { try file.references(numbers) }
    let layers = try #require(root.dataset("net/layers"))
    #expect(throws: HDF5Error.self) { try file.read(layers, as: Int64.self) }
  }
}
