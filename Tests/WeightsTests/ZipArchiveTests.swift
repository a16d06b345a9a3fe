import Testing
import Weights

/// Archives in which one field is wrong, each refused with its member or its reason.
@Suite struct ZipArchiveTests {
  private func content(_ name: String) throws -> [UInt8] {
    let file = try WeightSamples.open(name)
    return try file.bytes(0..<file.size)
  }

  private func problems(_ bytes: [UInt8]) -> [String] {
    do {
      let file = try WeightFile(content: bytes, name: "file", reading: WeightSamples.reading())
      let listing = try WeightFormats.standard.listing(of: file)
      for tensor in listing.tensors where tensor.problem == nil { _ = try tensor.values() }
      return listing.problems.map { "\($0)" }
    } catch let error as WeightError {
      return error.problems.map { "\($0)" }
    } catch {
      return ["\(error)"]
    }
  }

  /// Where the first entry of the directory begins.
  private func directory(_ bytes: [UInt8]) throws -> Int {
    try #require(
      bytes.indices.dropLast(4).first { Array(bytes[$0..<($0 + 4)]) == [0x50, 0x4B, 1, 2] })
  }

  @Test(arguments: [
    (8, UInt8(1), "encrypted"), (10, 99, "method 99"), (16, 0xAA, "checksum"),
    (24, 1, "number of bytes"), (34, 3, "several files"), (45, 0x7F, "outside the zip"),
    (46, 0x78, "another name"), (0, 0, "no signature"),
  ])
  func oneFieldIsWrong(_ offset: Int, _ value: UInt8, _ words: String) throws {
    var bytes = try content("stored.npz")
    #expect(problems(bytes).isEmpty)
    bytes[try directory(bytes) + offset] = value
    #expect(problems(bytes).contains { $0.contains(words) }, "\(problems(bytes))")
  }

  @Test func damagedStreamsAreRefused() throws {
    var bytes = try content("deflated.npz")
    // Behind the header of the first member, its name and its zip64 field.
    for place in 60..<80 { bytes[place] ^= 0x5A }
    #expect(problems(bytes).contains { $0.contains("damaged") || $0.contains("checksum") })
  }

  @Test func aMemberThatPromisesTooMuchIsNotUnpacked() throws {
    var bytes = try content("deflated.npz")
    let place = try directory(bytes) + 24
    bytes.replaceSubrange(place..<(place + 4), with: [0, 0, 0, 0x20])
    #expect(problems(bytes).contains { $0.contains("cannot unpack") }, "\(problems(bytes))")
  }

  @Test func anArchiveThatIsCutHasNoDirectory() throws {
    let bytes = try content("stored.npz")
    #expect("\(problems(Array(bytes.dropLast(10))))".contains("truncated"))
  }

  @Test func aMemberBeyondTheBudgetIsNotUnpacked() throws {
    let file = try WeightFile(
      content: content("deflated.npz"), name: "file",
      reading: WeightSamples.reading(budgetBytes: 64))
    #expect(throws: WeightError.self) { try WeightFormats.standard.listing(of: file) }
  }
}
