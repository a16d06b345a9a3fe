import HDF5File
import Testing
import Weights

/// Files that lie: whatever the bytes are, an answer comes and nothing is read beyond them.
@Suite struct HostileWeightsTests {
  /// Numbers that look random and are the same in every run (splitmix64).
  private struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }

    mutating func next(below bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
  }

  /// Lists and reads everything; whether it came to the end.
  private func survives(_ bytes: [UInt8], format: String? = nil) -> Bool {
    do {
      let file = try WeightFile(
        content: bytes, name: "file", reading: WeightSamples.reading(budgetBytes: 1 << 24))
      let listing = try WeightFormats.standard.listing(of: file, format: format)
      for tensor in listing.tensors { _ = try WeightContent(tensor).sha256 }
      return listing.problems.isEmpty
    } catch is WeightError {
      return false
    } catch is WeightProblem {
      return false
    } catch {
      Issue.record("an error of another kind: \(error)")
      return false
    }
  }

  private func mutated(_ bytes: [UInt8], _ random: inout Random) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.next(below: 3) {
      guard !bytes.isEmpty else { break }
      let place = random.next(below: bytes.count)
      switch random.next(below: 7) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes[place] ^= 1 << UInt8(random.next(below: 8))
      case 2: bytes.removeSubrange(place...)
      case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
      case 4: bytes.remove(at: place)
      case 5:
        for offset in place..<min(bytes.count, place + 1 + random.next(below: 8)) {
          bytes[offset] = random.next(below: 2) == 0 ? 0xFF : 0
        }
      default:
        // A digit, since headers in words count in them.
        let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
        guard !digits.isEmpty else { break }
        bytes[digits[random.next(below: digits.count)]] = 0x30 + UInt8(random.next(below: 10))
      }
    }
    return bytes
  }

  private func content(_ name: String) throws -> [UInt8] {
    let file = try WeightSamples.open(name)
    return try file.bytes(0..<file.size)
  }

  @Test(arguments: ["types.safetensors", "stored.npz", "deflated.npz", "zip64.npz"])
  func mutationsOfSmallFilesAreAnswered(_ name: String) throws {
    let original = try content(name)
    #expect(survives(original))
    var random = Random(state: 7)
    var refused = 0
    for _ in 0..<3000 where !survives(mutated(original, &random)) { refused += 1 }
    // Some mutations change a number or a name only; if all did, nothing would be checked.
    #expect(refused > 1000, "\(refused)")
  }

  /// HDF5 goes through the confined process, which takes its time.
  @Test(arguments: [
    "torch-nested.h5",
    "caffe-batchnorm.h5",
    "chainer.h5",
    "nnabla.h5",
    "matconvnet-simple.mat",
    "matconvnet-dag.mat",
    "keras1.h5",
    "keras2-nested.h5",
    "keras3-weights-only.h5",
    "keras3-int8.weights.h5",
    "keras3-float16.keras",
    "keras3-float16.h5",
  ])
  func mutationsOfHDF5FilesAreAnswered(_ name: String) throws {
    let original = try content(name)
    var random = Random(state: 11)
    var refused = 0
    for _ in 0..<60 where !survives(mutated(original, &random)) { refused += 1 }
    #expect(refused > 5, "\(refused)")
  }

  @Test func randomBytesBehindEveryMagicAreRefused() {
    let magics: [[UInt8]] = [
      [0x50, 0x4B, 3, 4], [0x50, 0x4B, 5, 6], [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A],
      [0x40, 0, 0, 0, 0, 0, 0, 0, 0x7B], [0x00, 0x0F, 0, 0, 0, 0, 0, 0, 0x7B, 0x22],
      [0x1F, 0x8B], [0x80, 2], [0x93] + Array("NUMPY".utf8), [],
    ]
    for (seed, magic) in magics.enumerated() {
      var random = Random(state: UInt64(seed))
      var bytes = magic
      while bytes.count < 1 << 20 {
        withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
      }
      #expect(!survives(bytes), "\(magic)")
      #expect(!survives(Array(bytes.prefix(magic.count + seed))), "\(magic)")
    }
  }

  @Test func mutationsOfMappingFilesAreAnswered() throws {
    let original = try content("mapped.json")
    let file = try WeightSamples.open("mapped.h5")
    var random = Random(state: 3)
    var refused = 0
    for _ in 0..<3000 {
      do throws(WeightError) {
        let map = try WeightMap(text: mutated(original, &random), path: "map.json")
        let listing = try WeightFormats.listing(of: file, by: map)
        if !listing.problems.isEmpty { refused += 1 }
      } catch {
        refused += 1
      }
    }
    #expect(refused > 2000, "\(refused)")
  }
}
