import HDF5File
import Testing

/// The parser of the catalogue stands between a process that may have been taken over and this
/// one: whatever bytes come, it ends, and does not trap.
@Suite struct CatalogueParserTests {
  /// xorshift64*, so that a seed names a mutation on every machine.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 2_685_821_657_736_338_717
    }
  }

  static let sources = ["good/default.h5", "hostile/types.h5", "hostile/streams.h5"]

  @Test(arguments: sources) func mutationsNeverTrap(_ name: String) throws {
    let original = try CatalogueProbe.survey(Corpus.path(name), Corpus.worker)
    let size = 1 << 17
    let whole = try #require(CatalogueProbe.readableDatasets(original, fileSize: size))
    #expect(whole > 0)
    var refused = 0
    for seed in 1...1000 as ClosedRange<UInt64> {
      var generator = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15)
      let mutant = Self.mutate(original, &generator)
      if CatalogueProbe.readableDatasets(mutant, fileSize: size) == nil { refused += 1 }
    }
    #expect(refused > 0 && refused < 1000, "seeds 1 to 1000 of \(name)")
  }

  private static func mutate(_ bytes: [UInt8], _ generator: inout Generator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[place] = .random(in: 0...255, using: &generator)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: for i in place..<min(place + 8, bytes.count) { bytes[i] = 0xFF }
      case 3: for i in place..<min(place + 8, bytes.count) { bytes[i] = 0 }
      case 4: bytes.removeSubrange(place..<min(place + 5, bytes.count))
      default: bytes.insert(contentsOf: bytes[place...].prefix(16), at: place)
      }
      if bytes.isEmpty { break }
    }
    return bytes
  }

  @Test(arguments: sources) func everyPrefixIsRefused(_ name: String) throws {
    let original = try CatalogueProbe.survey(Corpus.path(name), Corpus.worker)
    for length in stride(from: 0, to: original.count, by: 7) {
      let refused = CatalogueProbe.readableDatasets(Array(original[..<length]), fileSize: 1 << 17)
      #expect(refused == nil, "\(length) bytes of \(name)")
    }
  }
}
