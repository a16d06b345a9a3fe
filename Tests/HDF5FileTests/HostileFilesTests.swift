import Glibc
import HDF5File
import Testing
import Text

/// Files with one thing wrong (hostile-corpus.py): each gives its one clear reason.
@Suite struct HostileFilesTests {
  /// Why opening a file fails, and at which object.
  private func refusal(
    _ name: String, _ options: ReadOptions = Corpus.options()
  ) -> (reason: HDF5Reason, object: String?)? {
    do throws(HDF5Error) {
      _ = try HDF5File(path: Corpus.path(name), options: options)
      Issue.record("\(name) was opened")
      return nil
    } catch {
      let sentence = error.description
      #expect(!sentence.contains("\u{1B}") && !sentence.contains("\n"), "\(name)")
      #expect(sentence.contains("; ") || sentence.contains(": "), "what to do: \(sentence)")
      return (error.reason, error.object?.text.terminal)
    }
  }

  private func problem(_ file: HDF5File, _ name: String) -> HDF5Reason? {
    guard let dataset = file.catalogue.root.dataset(name) else {
      Issue.record("\(name) is not listed")
      return nil
    }
    do throws(HDF5Error) {
      _ = try file.read(dataset, as: Double.self)
      return nil
    } catch {
      #expect(error.object == dataset.path)
      return error.reason
    }
  }

  // MARK: Files

  static let refusedFiles: [(String, HDF5Reason, String?)] = [
    ("external_link", .link(.external), "/layers/conv1"),
    ("external_middle", .link(.external), "/layers"),
    ("soft_link", .link(.soft), "/alias"),
    ("external_storage", .externalStorage, "/x"),
    ("virtual", .virtualDataset, "/x"),
    ("cycle", .hardLinkCycle, "/a/b/up"),
    ("overlap", .overlap(with: ObjectPath(names: ["a"]), offset: 2048), "/b"),
    ("over_superblock", .overSuperblock(offset: 8), "/a"),
    ("truncated", .cutShort(actual: 1500, declared: 2448), nil),
    ("open_for_writing", .notClosedByWriter, nil),
    ("superblock_checksum", .library(.openFile), nil),
    ("broken_header", .library(.openObject), "/b"),
    ("empty", .empty, nil),
    ("signature_only", .library(.openFile), nil),
    ("control_name", .invalidName(UntrustedText("a\u{1B}[31m"), .controlCharacter(27)), nil),
    (
      "invalid_name",
      .invalidName(UntrustedText(bytes: [0x61, 0xFF, 0xFE]), .notUTF8), nil
    ),
    ("control_attribute", .invalidName(UntrustedText("a\nb"), .controlCharacter(10)), "/x"),
  ]

  @Test(arguments: refusedFiles)
  func refusesFile(_ name: String, _ reason: HDF5Reason, _ object: String?) {
    let found = refusal("hostile/\(name).h5")
    #expect(found?.reason == reason)
    #expect(found?.object == object)
  }

  @Test func refusesWhatIsNoFile() throws {
    #expect(refusal("hostile/absent.h5")?.reason == .cannotOpen(errno: ENOENT))
    #expect(refusal("hostile")?.reason == .directory)
    #expect(refusal("../../../../../../../../../../dev/null")?.reason == .notRegular)
    guard case .notHDF5(let bytes) = refusal("hostile/random.h5")?.reason else {
      Issue.record("random bytes")
      return
    }
    #expect(bytes.count == 8)
  }

  @Test func refusesWhatMultiplies() {
    #expect(refusal("hostile/dag.h5")?.reason == .tooManyObjects(limit: 1_000_000))
    #expect(refusal("hostile/deep.h5")?.reason == .tooDeep(limit: 32))
    guard
      case .attributeTooLarge(let name, let bytes, 1 << 20) =
        refusal("hostile/large_attribute.h5")?.reason
    else {
      Issue.record("attribute")
      return
    }
    #expect(name == "t" && bytes == 2_002_000)
  }

  // MARK: Datasets

  @Test func refusesWhatWasNotWritten() throws {
    var file = try Corpus.open("hostile/unwritten.h5")
    #expect(problem(file, "x") == .neverWritten)
    #expect(problem(file, "chunked") == .neverWritten)
    #expect(problem(file, "good") == nil)
    file = try Corpus.open("hostile/missing_chunks.h5")
    #expect(problem(file, "x") == .chunksMissing(12, of: 15))
    #expect(problem(file, "good") == nil)
  }

  @Test func refusesStreams() throws {
    let file = try Corpus.open("hostile/streams.h5")
    let corner = [0, 0]
    #expect(problem(file, "long") == .inflate(chunk: corner, .tooLong(expected: 400)))
    #expect(
      problem(file, "short") == .inflate(chunk: corner, .tooShort(actual: 396, expected: 400)))
    #expect(problem(file, "damaged") == .inflate(chunk: corner, .damaged))
    #expect(problem(file, "trailing") == .inflate(chunk: corner, .trailingBytes(1)))
    #expect(problem(file, "bomb") == .chunkSize(chunk: [0], stored: 11, expected: 4 << 20))
    #expect(problem(file, "checksum") == .checksum(chunk: corner))
    #expect(problem(file, "tiny") == .chunkSize(chunk: corner, stored: 2, expected: 400))
    #expect(
      problem(file, "unfiltered_short") == .chunkSize(chunk: corner, stored: 100, expected: 400))
    #expect(
      problem(file, "masked_short") == .chunkSize(chunk: corner, stored: 100, expected: 400))
    #expect(problem(file, "good") == nil)
  }

  @Test func refusesFilters() throws {
    let file = try Corpus.open("hostile/filters.h5")
    #expect(problem(file, "lzf") == .unknownFilter(32000))
    #expect(problem(file, "scaleoffset") == .unknownFilter(6))
    #expect(problem(file, "twice") == .repeatedFilter(.deflate))
    #expect(problem(file, "good") == nil)
  }

  @Test func refusesTypes() throws {
    let file = try Corpus.open("hostile/types.h5")
    let expected: [String: HDF5Reason] = [
      "compound": .unsupportedType("compound"), "complex": .unsupportedType("compound"),
      "enum": .unsupportedType("enumeration"), "vlen": .unsupportedType("variable length"),
      "text": .unsupportedType("string"), "bytes": .unsupportedType("string"),
      "reference": .unsupportedType("reference"), "opaque": .unsupportedType("opaque"),
      "array": .unsupportedType("array"), "bits": .unsupportedType("bit field"),
      "narrow_int": .unsupportedType("integer of 20 bits in 4 bytes, order 0"),
      "long_double": .unusualFloat(
        "80 bits, exponent 15, mantissa 64, bias 16383, little-endian"),
      "biased": .unusualFloat("32 bits, exponent 8, mantissa 23, bias 100, little-endian"),
      "committed": .committedDatatype, "null": .nullDataspace, "nine_axes": .tooManyAxes(9),
      "logical": .unknownLogicalType(UntrustedText("float8")),
      "logical_float": .unknownLogicalType(UntrustedText("bfloat16")),
    ]
    for (name, reason) in expected { #expect(problem(file, name) == reason, "\(name)") }
    #expect(problem(file, "good") == nil)
    #expect(file.catalogue.root.datasets.count == expected.count + 1)
  }

  @Test func refusesStorage() throws {
    var file = try Corpus.open("hostile/outside.h5")
    #expect(
      problem(file, "a") == .outsideFile(offset: 1 << 40, size: 400, fileSize: file.size))
    #expect(problem(file, "b") == nil)
    file = try Corpus.open("hostile/other_size.h5")
    #expect(problem(file, "x") == .storageSize(stored: 1237, expected: 5000))
    file = try Corpus.open("hostile/overflow.h5")
    #expect(problem(file, "x") == .library(.describe))
    file = try Corpus.open("hostile/latest.h5")
    #expect(problem(file, "x") == .layoutTooNew)
    #expect(problem(file, "good") == nil)
    let frames = try #require(file.catalogue.root.dataset("x")?.problem?.frames)
    #expect(frames.contains { $0.description == "bad version number for layout message" })
  }

  // MARK: Budgets and windows

  @Test func chargesOneBudget() throws {
    let one = try Corpus.open("good/trailing.h5")
    #expect(one.catalogue.root.dataset("x")?.count == 4)
    let options = Corpus.options(budgetBytes: 40)
    for _ in 0..<2 { _ = try HDF5File(path: one.path, options: options) }
    let refused = refusal("good/trailing.h5", options)?.reason
    #expect(refused == .budgetExceeded(declared: 16, before: 32, budget: 40))
    let small = try HDF5File(path: one.path, options: Corpus.options(budgetBytes: 15))
    #expect(problem(small, "x") == .datasetBudget(declared: 16, budget: 15))
  }

  @Test func refusesLossAndWindowsOutside() throws {
    let file = try Corpus.open("good/default.h5")
    let wide = try #require(file.catalogue.root.dataset("types/f8"))
    #expect(throws: HDF5Error.self) { try file.read(wide, as: Float.self) }
    #expect(throws: HDF5Error.self) { try file.read(wide, as: Int64.self) }
    #expect(throws: HDF5Error.self) { try file.read(wide, elements: 30..<36, as: Double.self) }
  }
}
