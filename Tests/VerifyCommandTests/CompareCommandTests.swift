import FixtureDrafts
import Foundation
import Testing

/// `cnn-verify compare` on files that are no fixtures.
@Suite struct CompareCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Files that h5py wrote (make-comparison.py).
  private static func made(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Comparison/\(name).h5").path
  }

  /// Writes a file of datasets without the mark of a fixture.
  private func file(_ name: String, _ tensors: [String: DraftTensor]) throws -> String {
    var draft = FixtureDraft()
    draft.removeAttribute("format")
    for (path, tensor) in tensors.sorted(by: { $0.key < $1.key }) { draft[path] = tensor }
    return try folder.write(draft, name)
  }

  private func records(_ arguments: String...) throws -> (Int32?, [[String: Any]]) {
    let run = try CommandRun(["compare"] + arguments + ["--json", "-"])
    return (run.status, try run.records())
  }

  private static var x: DraftTensor { .eighths([6, 10], seed: 1) }

  /// The first tensor with some elements replaced.
  private static func x(_ changes: [Int: Double], _ tensor: DraftTensor = x) -> DraftTensor {
    var tensor = tensor
    for (offset, value) in changes { tensor.elements[offset] = value }
    return tensor
  }

  // MARK: Equal

  @Test func identicalFilesAgree() throws {
    let a = try file("a.h5", ["g/w": Self.x, "b": .eighths([4], seed: 2)])
    let run = try CommandRun("compare", a, a)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
    #expect(run.output.contains("2 groups: 2 agree") && run.output.contains("equal bits"))
    let (status, records) = try records(a, a)
    let w = try records.tensor("w", of: "g")
    #expect(status == 0 && w["verdict"] as? String == "agree" && w["count"] as? Int == 60)
    #expect(w["limit"] as? String == "equal bits" && w["max_abs"] as? Double == 0)
    #expect(records.first?["compared_with"] as? String == a)
  }

  @Test(arguments: [[6, 10], [4, 10], [5, 7], [1, 1], [6, 3]])
  func chunksDoNotMatter(_ chunks: [Int]) throws {
    var tensor = Self.x
    tensor.chunks = chunks
    let a = try file("a.h5", ["w": Self.x])
    let b = try file("b.h5", ["w": tensor])
    var other = Self.x([37: 9])
    other.chunks = [2, 4]
    let c = try file("c.h5", ["w": other])
    #expect(try CommandRun("compare", a, b).status == 0)
    #expect(try CommandRun("compare", b, b).status == 0)
    for pair in [(b, c), (c, b)] {
      let (status, records) = try records(pair.0, pair.1)
      let w = try records.tensor("w", of: "/")
      #expect(status == 1 && w["worst_index"] as? [Int] == [3, 7], "\(w)")
      #expect(w["beyond_bound"] as? Int == 1 && w["count"] as? Int == 60)
    }
  }

  @Test func byteOrdersAreTheSameNumbers() throws {
    let run = try CommandRun("compare", Self.made("little"), Self.made("big"))
    #expect(run.status == 0 && run.output.contains("8 agree · 1 vacuous"), "\(run)")
  }

  @Test func emptyDatasetsAloneAreNothingToGoBy() throws {
    let a = try file("a.h5", ["w": DraftTensor([], [0, 3])])
    let run = try CommandRun("compare", a, a)
    #expect(run.status == 2 && run.output.contains("vacuous") && !run.output.contains("✓"))
  }

  // MARK: Different

  @Test func oneElementOffIsNamed() throws {
    let a = try file("a.h5", ["g/w": Self.x])
    let b = try file("b.h5", ["g/w": Self.x([12: 100, 40: 50])])
    let run = try CommandRun("compare", a, b)
    #expect(run.status == 1)
    for fact in ["worst at [1, 2]", "B 100.0", "2 of 60 elements", "equal bits"] {
      #expect(run.output.contains(fact), "\(fact) is missing in \(run.output)")
    }
    let (_, records) = try records(b, a)
    let w = try records.tensor("w", of: "g")
    #expect(w["first_index"] as? [Int] == [1, 2] && w["ours"] as? Double == 100)
    #expect(w["reference"] as? Double == Self.x.elements[12])
    #expect(w["max_abs"] as? Double == abs(100 - Self.x.elements[12]))
    #expect(records.summary?["differ"] as? Int == 1)
  }

  @Test func aDifferenceIsFoundWhereverItIs() throws {
    // More than a group of the scan, more than a window, and the tail.
    let count = 70_001
    let elements = (0..<count).map { Double($0 % 251) / 8 }
    let a = try file("a.h5", ["w": DraftTensor(elements, [count])])
    for offset in [0, 63, 64, 65_535, 65_536, 69_999, 70_000] {
      var changed = elements
      changed[offset] += 0.125
      for storage in [DraftTensor.Storage.float32, .float64] {
        let b = try file("b.h5", ["w": DraftTensor(changed, [count], storage)])
        let (status, records) = try records(a, b)
        let w = try records.tensor("w", of: "/")
        #expect(status == 1 && w["worst_index"] as? [Int] == [offset], "\(offset): \(w)")
        #expect(w["first_index"] as? [Int] == [offset] && w["beyond_bound"] as? Int == 1)
        #expect(w["max_abs"] as? Double == 0.125 && w["informative"] as? Int != nil)
      }
    }
  }

  @Test func whatOnlyOneFileHasIsNeverAPass() throws {
    let a = try file("a.h5", ["w": Self.x, "v": Self.x])
    let b = try file("b.h5", ["w": Self.x])
    for (first, second, side) in [(a, b, "B"), (b, a, "A")] {
      let run = try CommandRun("compare", first, second)
      #expect(run.status == 2 && !run.output.contains("✓"), "\(run)")
      #expect(run.output.contains("v: not-compared, \(side) has none"), "\(run)")
    }
    #expect(try CommandRun("compare", a, b, "--ignore", "v").status == 0)
    #expect(try CommandRun("compare", a, b, "--only", "w").status == 0)
    #expect(try CommandRun("compare", b, a, "--only", "v").status == 2)
    #expect(try CommandRun("compare", a, a, "--only", "nothing").status == 2)
  }

  @Test func anotherShapeDiffers() throws {
    let a = try file("a.h5", ["w": Self.x])
    let b = try file("b.h5", ["w": DraftTensor(Self.x.elements, [10, 6])])
    let run = try CommandRun("compare", a, b)
    #expect(run.status == 1)
    #expect(run.output.contains("the shape is [6, 10] in A and [10, 6] in B"), "\(run)")
  }

  @Test func anotherSortOfElementsDiffers() throws {
    let run = try CommandRun("compare", Self.made("little"), Self.made("types"))
    #expect(run.status == 1)
    for fact in ["A holds float32 and B int32", "A holds truth values and B uint8"] {
      #expect(run.output.contains(fact), "\(run)")
    }
  }

  @Test func wholeNumbersTruthsAndStringsMustBeEqual() throws {
    let arguments = [Self.made("little"), Self.made("other")]
    for limit in [[], ["--ulp", "100"], ["--atol", "100"]] {
      let run = try CommandRun(["compare"] + arguments + limit + ["--json", "-"])
      let records = try run.records()
      #expect(run.status == 1 && records.summary?["differ"] as? Int == 5, "\(limit)")
      let expected: [String: [Int]] = [
        "i4": [5], "u8": [0], "truth": [1], "text": [1], "fixed": [1],
      ]
      for (name, index) in expected {
        let record = try records.tensor(name, of: "/")
        #expect(record["first_index"] as? [Int] == index, "\(record)")
        #expect(record["beyond_bound"] as? Int == 1 && record["verdict"] as? String == "differ")
      }
      #expect(try records.tensor("text", of: "/")["texts"] as? [String] == ["bc", "bd"])
      // 2⁶⁴ − 1 and 2⁶⁴ − 2 are one double.
      #expect(try records.tensor("u8", of: "/")["max_abs"] as? Double == 1)
    }
  }

  // MARK: Limits

  @Test func aWiderFormatMayBeOneRoundingAway() throws {
    #expect(try CommandRun("compare", Self.made("little"), Self.made("wide")).status == 0)
    let thirds = (0..<64).map { Double($0 - 32) / 3 }
    let a = try file("a.h5", ["w": DraftTensor(thirds, [64], .float64)])
    let b = try file("b.h5", ["w": DraftTensor(thirds, [64], .float32)])
    let (status, found) = try records(a, b)
    let w = try found.tensor("w", of: "/")
    #expect(status == 0 && w["limit"] as? String == "one rounding of float32")
    #expect(try #require(w["bound_ratio"] as? Double) <= 1)
    #expect(try #require(w["max_ulp"] as? Double) > 0)
    // A neighbour in float32 is more than one rounding away, in either direction.
    for step in [Float.ulpOfOne, -Float.ulpOfOne / 2] {
      let c = try file(
        "c.h5", ["w": DraftTensor(Self.x([3: Double(1 + step)], tensor(thirds)).elements, [64])])
      let d = try file(
        "d.h5", ["w": DraftTensor(Self.x([3: 1], tensor(thirds)).elements, [64], .float64)])
      for (first, second) in [(c, d), (d, c)] {
        let (status, records) = try records(first, second)
        let w = try records.tensor("w", of: "/")
        #expect(status == 1 && w["worst_index"] as? [Int] == [3], "\(step): \(w)")
        #expect(w["beyond_bound"] as? Int == 1, "\(step): \(w)")
      }
    }
    func tensor(_ elements: [Double]) -> DraftTensor { DraftTensor(elements, [64]) }
  }

  @Test func aStatedLimitDecides() throws {
    let ones = DraftTensor([1, 1, 2, -4], [4])
    let next = DraftTensor([1, 1 + 0x1p-23, 2, -4 - 0x1p-20], [4])
    let a = try file("a.h5", ["w": ones])
    let b = try file("b.h5", ["w": next])
    // The last one is 2 units away from −4 − 2⁻²⁰.
    for (arguments, status) in [
      ([], 1), (["--ulp", "2"], 0), (["--ulp", "1"], 1), (["--ulp", "0"], 1),
      (["--rtol", "1e-6"], 0), (["--rtol", "1e-7"], 1), (["--atol", "1e-6"], 0),
      (["--atol", "9e-7"], 1), (["--rtol", "1.2e-7", "--atol", "5e-7"], 0),
    ] as [([String], Int32)] {
      let run = try CommandRun(["compare", a, b] + arguments)
      #expect(run.status == status, "\(arguments): \(run)")
    }
    let rule = try CommandRun("compare", a, b, "--rtol", "1e-7", "--atol", "2")
    #expect(rule.output.contains("|A − B| ≤ 2 + 1e-07·|B|"), "\(rule)")
    let units = try CommandRun("compare", a, b, "--ulp", "1")
    #expect(units.output.contains("1 ulp of float32"), "\(units)")
  }

  @Test func zerosOfDifferentSignAreDifferentBitsAndEqualNumbers() throws {
    let a = try file("a.h5", ["w": Self.x([5: 0])])
    let b = try file("b.h5", ["w": Self.x([5: -0.0])])
    let run = try CommandRun("compare", a, b)
    #expect(run.status == 1 && run.output.contains("zeros of different sign: 1"), "\(run)")
    let stated = try CommandRun("compare", a, b, "--ulp", "0")
    #expect(stated.status == 0 && stated.output.contains("zeros of different sign: 1"))
  }

  @Test func notANumberIsEqualToTheSameBitsOrWhereAskedFor() throws {
    // The bits that arithmetic makes, and others.
    let other = Double(nan: 5, signaling: false)
    let a = try file("a.h5", ["w": Self.x([5: .nan, 50: .infinity]).double])
    let b = try file("b.h5", ["w": Self.x([5: other, 50: .infinity]).double])
    let number = try file("c.h5", ["w": Self.x([50: .infinity]).double])
    let same = try CommandRun("compare", a, a)
    #expect(same.status == 0 && same.output.contains("NaN on both sides, counted as equal: 1"))
    let bits = try CommandRun("compare", a, b)
    #expect(bits.status == 1 && bits.output.contains("invalid"), "\(bits)")
    let asked = try CommandRun("compare", a, b, "--equal-nan")
    #expect(asked.status == 0 && asked.output.contains("NaN on both sides, counted as equal: 1"))
    for arguments in [[], ["--equal-nan"], ["--atol", "1e300"]] {
      #expect(try CommandRun(["compare", a, number] + arguments).status == 1)
    }
    let infinite = try file("d.h5", ["w": Self.x([50: -.infinity]).double])
    #expect(try CommandRun("compare", number, infinite, "--atol", "1e300").status == 1)
  }

  // MARK: Names

  @Test func pathsAreRenamed() throws {
    let a = try file("a.h5", ["encoder/conv 1/w": Self.x, "encoder/b": .eighths([4], seed: 2)])
    let b = try file("b.h5", ["features/0/w": Self.x, "features/bias": .eighths([4], seed: 2)])
    let map = folder("map.txt")
    let text =
      "# what became of the encoder\n/encoder/conv 1\t/features/0\n\nencoder/b\tfeatures/bias\n"
    try text.write(toFile: map, atomically: true, encoding: .utf8)
    #expect(try CommandRun("compare", a, b).status == 2)
    let run = try CommandRun("compare", a, b, "--map", map)
    #expect(run.status == 0 && run.output.contains("2 agree"), "\(run)")
    try (text + "gone away\n").write(toFile: map, atomically: true, encoding: .utf8)
    let unused = try CommandRun("compare", a, b, "--map", map)
    #expect(unused.status == 2 && unused.output.contains("line 5 of the map names `gone`"))
    for wrong in ["a b c", "a", "/ b", "a b\na c", "a c\nb c"] {
      try wrong.write(toFile: map, atomically: true, encoding: .utf8)
      let run = try CommandRun("compare", a, b, "--map", map)
      #expect(run.status == 64 && run.errors.contains("line"), "\(wrong): \(run)")
    }
  }

  @Test(arguments: [
    ("*", 2), ("g/*", 1), ("g", 1), ("/g", 1), ("*w", 2), ("?", 2), ("g/?", 1), ("h", 0),
    ("*/w", 1),
  ])
  func patternsSelectPaths(_ pattern: String, _ count: Int) throws {
    let a = try file("a.h5", ["g/w": Self.x, "w": Self.x])
    let (status, records) = try records(a, a, "--only", pattern)
    #expect(records.filter { $0["record"] as? String == "tensor" }.count == count)
    #expect(status == (count == 0 ? 2 : 0))
  }

  // MARK: Usage and hostile files

  @Test(arguments: [
    [], ["a.h5"], ["a.h5", "b.h5", "c.h5"], ["a.h5", "b.h5", "--ulp", "1", "--rtol", "1"],
    ["a.h5", "b.h5", "--ulp", "-1"], ["a.h5", "b.h5", "--atol", "nan"],
    ["a.h5", "b.h5", "--rtol", "inf"], ["a.h5", "b.h5", "--quiet", "--verbose"],
    ["a.h5", "b.h5", "--json", "b.h5"], ["a.h5", "b.h5", "--map", "absent.txt"],
    ["a.h5", "b.h5", "--threads", "0"],
  ])
  func wrongUsageIs64(_ arguments: [String]) throws {
    let run = try CommandRun(["compare"] + arguments)
    #expect(run.status == 64 && run.output.isEmpty && !run.errors.isEmpty, "\(run)")
  }

  @Test func aFileThatCannotBeUsedIsOneMessage() throws {
    let a = try file("a.h5", ["w": Self.x])
    let garbage = folder("garbage.h5")
    try "no HDF5".write(toFile: garbage, atomically: true, encoding: .utf8)
    let whole = try Data(contentsOf: URL(fileURLWithPath: a))
    try whole.prefix(600).write(to: URL(fileURLWithPath: folder("short.h5")))
    for other in [garbage, folder("short.h5"), folder("absent.h5"), folder.path, "/dev/zero"] {
      for pair in [[a, other], [other, a]] {
        let run = try CommandRun(["compare"] + pair)
        #expect(run.status == 2 && run.signal == 0, "\(run)")
        #expect(run.text.split(separator: "\n").count == 1, "\(run)")
        #expect(run.text.contains(other))
      }
    }
  }

  @Test func aStringOutsideTheFileIsNotCompared() throws {
    for pair in [["little", "heap"], ["heap", "little"]] {
      let run = try CommandRun(["compare"] + pair.map(Self.made))
      #expect(run.status == 2 && run.output.contains("outside the"), "\(run)")
      #expect(run.output.contains("7 agree"), "what can be compared is: \(run)")
    }
  }

  @Test func theReportDoesNotDependOnTheThreads() throws {
    let count = 300_000
    let elements = (0..<count).map { Double($0 % 1009) / 7 }
    let a = try file("a.h5", ["w": DraftTensor(elements, [count], chunks: [7000])])
    let moved = elements.map { $0 * (1 + 1e-7) }
    let b = try file("b.h5", ["w": DraftTensor(moved, [count], chunks: [7000])])
    let c = try file("c.h5", ["w": DraftTensor(moved, [count], chunks: [4999])])
    for other in [b, c] {
      let reports = try ["1", "2", "5"].map {
        try CommandRun("compare", a, other, "--threads", $0, "--json", "-").output
      }
      #expect(Set(reports).count == 1)
    }
  }
}
