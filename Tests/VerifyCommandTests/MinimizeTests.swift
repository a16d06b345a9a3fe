import FixtureDrafts
import Testing

/// `check --minimize`: a smaller fixture that differs for the same cause, or the layer as it is.
@Suite struct MinimizeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The records of the check of the minimal fixture, as a run of its own.
  private func minimal(
    _ layer: String, of path: String
  ) throws -> (run: CommandRun, records: [[String: Any]]) {
    let run = try CommandRun("check", path, "--minimize", layer, "-o", folder("minimal.h5"))
    #expect(run.status == 1, "\(run)")
    return (run, try CommandRun(folder("minimal.h5"), "--json", "-").records())
  }

  private func failures(_ records: [[String: Any]]) -> [[String: Any]] {
    records.filter {
      $0["mode"] as? String == "isolated" && $0["verdict"] as? String == "differ"
    }
  }

  private func demo(_ bug: String) throws -> String {
    let made = try CommandRun("demo", "--bug", bug, "--keep", folder("kept"))
    #expect(made.status == 0, "\(made)")
    return folder("kept/wrong.h5")
  }

  @Test(arguments: [
    ("kernel-rotated-180", "conv2", "grad_parameters/weight", [1, 1, 3, 2]),
    ("stride-ignored", "conv2", "grad_input", [1, 1, 6, 4]),
    ("bias-omitted", "conv1", "output", [1, 1, 1, 1]),
    ("relu-mask-from-upstream", "relu1", "grad_input", [1, 1, 1, 1]),
  ])
  func theCauseStaysAndTheRestGoes(
    _ bug: String, _ layer: String, _ tensor: String, _ shape: [Int]
  ) throws {
    let (_, records) = try minimal(layer, of: try demo(bug))
    let failures = failures(records)
    #expect(failures.map { $0["tensor"] as? String } == [tensor])
    #expect(failures.map { $0["cause"] as? String } == [bug])
    #expect(failures.first?["shape"] as? [Int] == shape)
    #expect(records.layerVerdicts == [layer: "differ"])
  }

  /// The gradient of a weight is a sum over the batch, of which no part was recorded; that of an
  /// input is one over the filters.
  @Test(arguments: [("kernel-rotated-180", "samples"), ("stride-ignored", "filters")])
  func aSumKeepsAllItsTerms(_ bug: String, _ terms: String) throws {
    let (run, _) = try minimal("conv2", of: try demo(bug))
    #expect(run.output.contains(" → 1\n") && !run.output.contains("\(terms):"), "\(run)")
  }

  /// Gradients that are zero throughout have a cause, and need no other reference to be recorded.
  @Test(arguments: [
    ("Conv2d", [6, 2, 2, 3], 4, 6), ("ConvTranspose2d", [4, 3, 2, 3], 4, 6),
  ])
  func groupsAreCutWhole(_ kind: String, _ weight: [Int], _ inputs: Int, _ outputs: Int) throws {
    var draft = FixtureDraft()
    draft.add(kind, "layer", ["groups": .list([2]), "in_channels": .list([inputs])])
    // A convolution of 5×7 by 2×3 leaves 4×5; a transposed one makes 6×9 of it.
    let places = kind == "Conv2d" ? [4, 5] : [6, 9]
    draft["layers/layer/parameters/weight"] = .eighths(weight, seed: 1)
    draft["layers/layer/reference/input"] = .eighths([3, inputs, 5, 7], seed: 2)
    draft["layers/layer/reference/grad_output"] = .eighths([3, outputs] + places, seed: 3)
    let zeros = [Double](repeating: 0, count: weight.reduce(1, *))
    draft["layers/layer/reference/grad_parameters/weight"] = DraftTensor(zeros, weight)
    let (run, records) = try minimal("layer", of: try folder.write(draft))
    let failure = try #require(failures(records).first)
    #expect(failure["cause"] as? String == "all-zero", "\(run)")
    #expect(failure["shape"] as? [Int] == [1, 1, 2, 3], "\(run)")
    for words in [
      "filters:", "input channels:", "[3, \(outputs), \(places[0]), \(places[1])] → [3, 1",
    ] {
      #expect(run.output.contains(words), "\(words) is missing in \(run)")
    }
    #expect(run.output.contains("groups: 2 → 1"), "\(run)")
  }

  /// The window of the wrong element sees padding alone; a crop to it would leave no image.
  @Test func aWindowOutsideTheImageKeepsSomeOfIt() throws {
    var draft = FixtureDraft()
    draft.add("Conv2d", "layer", ["padding": .list([1, 1])])
    draft["layers/layer/parameters/weight"] = DraftTensor([2], [1, 1, 1, 1])
    draft["layers/layer/reference/input"] = DraftTensor([1, 2, 3, 4], [1, 1, 2, 2])
    draft["layers/layer/reference/output"] = DraftTensor(
      [5, 0, 0, 0, 0, 2, 4, 0, 0, 6, 8, 0, 0, 0, 0, 0], [1, 1, 4, 4])
    let (run, records) = try minimal("layer", of: try folder.write(draft))
    #expect(failures(records).map { $0["tensor"] as? String } == ["output"], "\(run)")
    #expect(run.output.contains("reference/input.0: [1, 1, 2, 2] → [1, 1, 1, 1]"), "\(run)")
  }

  @Test func whereTheFileIsFromStandsInIt() throws {
    let path = try demo("bias-omitted")
    let (_, records) = try minimal("conv1", of: path)
    let original = try CommandRun(path, "--json", "-").records()
    let digest = try #require(original.first?["sha256"] as? String)
    let provenance = try #require(records.first?["provenance"] as? String)
    #expect(provenance.contains(digest) && provenance.contains("\"layer\":\"conv1\""))
    #expect(records.first?["producer"] as? String == original.first?["producer"] as? String)
  }

  /// One wrong number that no cause explains: what is left around it is one number.
  @Test func anErrorWithoutANameStaysWithoutOne() throws {
    var draft = FixtureDraft.network()
    let weight = "layers/fc2/reference/grad_parameters/weight"
    draft.change(weight, at: 6, to: try #require(draft[weight]).elements[6] + 0.5)
    draft.set("source", of: "layers/fc2", .word("model.py:42"))
    let (run, records) = try minimal("fc2", of: try folder.write(draft))
    let failure = try #require(failures(records).first)
    #expect(
      failure["cause"] as? String == "unidentified" && failure["source"] as? String == "model.py:42"
    )
    #expect(run.output.contains("fc2: grad_parameters/weight differs, unidentified"))
    // Any cut would leave it without a name; only those are made that keep what was computed.
    #expect(failure["shape"] as? [Int] == [1, 1] && !run.output.contains("samples:"), "\(run)")
  }

  @Test func aLayerThatAgreesIsNotWritten() throws {
    let path = try folder.write(.network())
    let run = try CommandRun("check", path, "--minimize", "fc1", "-o", folder("minimal.h5"))
    #expect(run.status == 0 && run.output.contains("nothing to minimize"), "\(run)")
    #expect(folder.names == ["net.h5"])
  }

  @Test func anUnknownLayerIsToldAsElsewhere() throws {
    let path = try folder.write(.network())
    let run = try CommandRun("check", path, "--minimize", "fc3", "-o", folder("minimal.h5"))
    #expect(run.status == 2 && run.output.contains("did you mean"), "\(run)")
  }

  @Test func noOtherFileIsReplaced() throws {
    let path = try folder.write(.network())
    #expect(try CommandRun("check", path, "--minimize", "fc1", "-o", path).status == 64)
    #expect(try CommandRun("check", path, "-o", folder("minimal.h5")).status == 64)
    #expect(try CommandRun("check", path, path, "--minimize", "fc1").status == 64)
  }
}
