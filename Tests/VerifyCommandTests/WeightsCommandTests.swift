import FixtureDrafts
import Foundation
import HDF5File
import Testing

/// `cnn-verify weights` and `cnn-verify check --weights`, run as a user runs them.
@Suite struct WeightsCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The parameters of the network that `FixtureDraft.network` makes.
  private static var parameters: [(name: String, tensor: DraftTensor)] {
    [
      ("fc1.weight", .eighths([4, 3], seed: 2)), ("fc1.bias", .eighths([4], seed: 3)),
      ("fc2.weight", .eighths([2, 4], seed: 6)), ("fc2.bias", .eighths([2], seed: 7)),
    ]
  }

  /// Writes them as h5py writes a PyTorch `state_dict`, after a change.
  private func write(
    _ name: String = "weights.h5",
    _ change: (inout [(name: String, tensor: DraftTensor)]) -> Void = { _ in }
  ) throws -> String {
    var parameters = Self.parameters
    change(&parameters)
    let writer = try HDF5Writer(path: folder(name))
    for (name, tensor) in parameters {
      try writer.dataset(name, tensor.elements.map { Float($0) }, shape: tensor.shape)
    }
    try writer.commit()
    return folder(name)
  }

  // MARK: weights

  @Test func everyTensorIsALine() throws {
    let run = try CommandRun("weights", try write())
    #expect(run.status == 0, "\(run)")
    #expect(run.output.contains("pytorch-h5, because every dataset is named"))
    #expect(run.output.contains("/fc1.weight → fc1.weight  (4, 3) float32 → (4, 3)"))
    #expect(run.output.contains("4 tensors of 2 layers, 26 numbers"))
  }

  @Test func zerosAndNaNsAreWarnedOf() throws {
    let path = try write {
      $0[0].tensor.elements[1] = .nan
      $0[1].tensor = DraftTensor([0, 0, 0, 0], [4])
    }
    let run = try CommandRun("weights", path)
    #expect(run.status == 0, "\(run)")
    #expect(run.output.contains("`fc1.weight` has 1 NaN or infinite values"))
    #expect(run.output.contains("`fc1.bias` is zero throughout"))
  }

  @Test func jsonHasARecordForEachTensor() throws {
    let run = try CommandRun("weights", try write(), "--json", "-")
    let lines = run.output.split(separator: "\n")
    #expect(run.status == 0 && lines.count == 6, "\(run)")
    let bias = lines.filter { $0.contains(#""parameter":"bias""#) }
    #expect(bias.count == 2 && bias.allSatisfy { $0.contains(#""status":"loaded""#) })
    // hashlib.sha256(struct.pack("<4f", *[((i * 37 + 33) % 33 - 16) / 8 for i in range(4)]))
    #expect(
      bias.contains {
        $0.contains("a17f7eb54624668ca0d20e7ee13538e5648822fd295e24eb543d5dadd2657fb6")
      })
  }

  @Test func aConvertedFileHasTheSameTensors() throws {
    let converted = folder("converted.h5")
    let run = try CommandRun("weights", try write(), "--convert", converted)
    #expect(run.status == 0, "\(run)")
    let file = try HDF5File(
      path: converted, options: ReadOptions(worker: WorkerExecutable(path: BuiltCommand.path)))
    let layers = try #require(file.catalogue.root.group("layers"))
    #expect(layers.groups.map(\.name.string) == ["fc1", "fc2"])
    let weight = try #require(layers.dataset("fc1/parameters/weight"))
    #expect(weight.shape == [4, 3])
    #expect(try file.read(weight) == Self.parameters[0].tensor.elements)
  }

  @Test func aMapCorrectsNamesAndAxes() throws {
    let path = try write {
      $0[0] = (name: "net/k", tensor: $0[0].tensor.transposed)
    }
    #expect(try CommandRun("weights", path).status == 2)
    let map = folder("map.json")
    let text = """
      {"format": "cnn-weights-map", "format_version": "1.0", "tensors": [
       {"source": "/net/k", "layer": "fc1", "parameter": "weight", "permute": [1, 0]}]}
      """
    try text.write(toFile: map, atomically: true, encoding: .utf8)
    let run = try CommandRun("weights", path, "--map", map)
    #expect(run.status == 0, "\(run)")
    #expect(run.output.contains("/net/k → fc1.weight  (3, 4) float32 → (4, 3)"))
    #expect(run.output.contains("unused: /fc1.bias (not in the map)"))
    #expect(try CommandRun("weights", path, "--map", map, "--strict").status == 2)
    let written = folder("written.json")
    #expect(try CommandRun("weights", path, "--map", map, "--write-map", written).status == 0)
    #expect(try CommandRun("weights", path, "--map", written).output == run.output)
  }

  @Test func float32ReportsTheLargestRounding() throws {
    let writer = try HDF5Writer(path: folder("double.h5"))
    try writer.dataset("a.weight", [1, 1 + 0x1p-30], shape: [2])
    try writer.commit()
    let run = try CommandRun("weights", folder("double.h5"), "--as", "float32")
    #expect(run.status == 0 && run.output.contains("at most \(0x1p-30)"), "\(run)")
  }

  @Test func wrongUsageIsToldBeforeAnythingIsRead() throws {
    let path = try write()
    #expect(try CommandRun("weights", path, "--format", "safetensor").status == 64)
    #expect(try CommandRun("weights", path, "--convert", path).status == 64)
    #expect(try CommandRun("weights", path, "--keras1-ordering", "x").status == 64)
    #expect(try CommandRun("weights", folder("missing.h5")).status == 2)
  }

  // MARK: check --weights

  @Test func theFixturesOwnWeightsAgree() throws {
    let fixture = try folder.write(.network())
    let run = try CommandRun("check", fixture, "--weights", try write())
    #expect(run.status == 0, "\(run)")
    #expect(run.output.contains("weights: /fc1.weight → fc1.weight"))
  }

  @Test func jsonTellsWhichTensorBecameWhich() throws {
    let fixture = try folder.write(.network())
    let run = try CommandRun("check", fixture, "--weights", try write(), "--json", "-")
    let notes = try run.records().filter {
      $0["record"] as? String == "note" && $0["id"] as? String != "blind-spots"
    }
    #expect(run.status == 0 && notes.count == 5, "\(run)")
    #expect(notes.contains { ($0["text"] as? String)?.contains("/fc2.bias → fc2.bias") == true })
  }

  @Test func anotherWeightDiffersWhereItIsUsed() throws {
    let fixture = try folder.write(.network())
    let weights = try write { $0[2].tensor.elements[0] += 1 }
    let run = try CommandRun("check", fixture, "--weights", weights)
    #expect(run.status == 1, "\(run)")
    let rows = run.output.split(separator: "\n")
    #expect(rows.contains { $0.contains("fc2") && $0.contains("differ") })
    #expect(!rows.contains { $0.hasPrefix("fc1") && $0.contains("differ") })
  }

  @Test func weightsAndFixtureShareOneBudget() throws {
    let fixture = try folder.write(.network())
    let weights = try write()
    let declared = try bytes(of: fixture)
    #expect(try CommandRun("check", fixture, "--max-bytes", "\(declared)").status == 0)
    let run = try CommandRun(
      "check", fixture, "--weights", weights, "--max-bytes", "\(declared + 1)")
    #expect(run.status == 2 && run.text.contains("of the files before it"), "\(run)")
    let enough = declared + (try bytes(of: weights))
    let both = ["check", fixture, "--weights", weights, "--max-bytes"]
    #expect(try CommandRun(both + ["\(enough)"]).status == 0)
    #expect(try CommandRun(both + ["\(enough - 1)"]).status == 2)
  }

  /// The bytes that all datasets of a file declare together, as a refusal tells them; the largest
  /// dataset has 48.
  private func bytes(of path: String) throws -> Int {
    let refusal = try CommandRun("weights", path, "--max-bytes", "48").text
    let number = try #require(refusal.firstMatch(of: /declares ([0-9,]+) bytes of data/)).output.1
    return try #require(Int(number.filter(\.isNumber)))
  }

  @Test func whatDoesNotFitIsNamedAndNothingIsCompared() throws {
    let fixture = try folder.write(.network())
    let weights = try write {
      $0[0].tensor = $0[0].tensor.transposed
      $0[1].name = "fc9.bias"
    }
    let run = try CommandRun("check", fixture, "--weights", weights)
    #expect(run.status == 2, "\(run)")
    #expect(run.text.contains("the network needs (4, 3)"))
    #expect(run.text.contains("`fc1` needs `bias`"))
    #expect(run.text.contains("left over: `/fc9.bias`"))
    #expect(!run.text.contains("agree"))
  }

  @Test func optionsAboutWeightsNeedWeights() throws {
    let fixture = try folder.write(.network())
    #expect(try CommandRun("check", fixture, "--format", "npz").status == 64)
  }
}
