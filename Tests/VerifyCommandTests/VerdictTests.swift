import FixtureDrafts
import Testing

/// Fixtures with one thing wrong, as the command tells of them.
@Suite struct VerdictTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func everythingThatAgreesIsZero() throws {
    let path = try folder.write(.network())
    let run = try CommandRun(path)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
    for name in ["fc1", "relu", "fc2", "loss"] {
      let rows = run.output.split(separator: "\n").filter { $0.hasPrefix("  \(name) ") }
      #expect(rows.count == 1 && rows.allSatisfy { $0.contains("agree") }, "\(run.output)")
    }
    #expect(run.output.contains("4 layers: "))
  }

  @Test func oneWrongGradientElementIsNamed() throws {
    var draft = FixtureDraft.network()
    let weight = "layers/fc2/reference/grad_parameters/weight"
    let right = try #require(draft[weight]).elements[6]
    draft.change(weight, at: 6, to: right + 0.5)
    let path = try folder.write(draft)

    let run = try CommandRun(path)
    #expect(run.status == 1)
    for fact in ["fc2", "grad_parameters/weight", "[1, 2]", "\(right)", "\(right + 0.5)", "differ"]
    {
      #expect(run.output.contains(fact), "\(fact) is missing in \(run.output)")
    }

    let json = try CommandRun(path, "--json", "-")
    #expect(json.status == 1)
    let records = try json.records()
    let record = try records.tensor("grad_parameters/weight", of: "fc2")
    #expect(record["verdict"] as? String == "differ")
    #expect(record["worst_index"] as? [Int] == [1, 2])
    #expect(record["ours"] as? Double == right && record["reference"] as? Double == right + 0.5)
    #expect(record["max_abs"] as? Double == 0.5)
    #expect(
      records.layerVerdicts == ["fc1": "agree", "relu": "agree", "fc2": "differ", "loss": "agree"])
    #expect(records.summary?["differ"] as? Int == 1 && records.summary?["exit"] as? Int == 1)
  }

  @Test(arguments: [Double.nan, .infinity])
  func aNumberThatIsNotFiniteIsInvalid(_ value: Double) throws {
    var draft = FixtureDraft.network()
    draft.change("layers/fc1/reference/grad_parameters/bias", at: 2, to: value)
    let run = try CommandRun(try folder.write(draft), "--json", "-")
    #expect(run.status == 1)
    let record = try run.records().tensor("grad_parameters/bias", of: "fc1")
    #expect(record["verdict"] as? String == "invalid" && record["worst_index"] as? [Int] == [2])
    #expect(record["reference"] as? String == (value.isNaN ? "NaN" : "Infinity"))
  }

  @Test func anUnknownKindIsListedAndTheRestIsVerified() throws {
    var draft = FixtureDraft.network()
    draft.add("Relu6", "strange")
    draft["layers/strange/reference/input"] = .eighths([2], seed: 1)
    draft["layers/strange/reference/output"] = .eighths([2], seed: 1)
    let path = try folder.write(draft)
    let run = try CommandRun(path)
    #expect(run.status == 2)
    #expect(run.output.contains("did you mean `ReLU6`?") && run.output.contains("not-compared"))
    let verdicts = try CommandRun(path, "--json", "-").records().layerVerdicts
    #expect(verdicts.removingValue("not-compared") == ["agree"] && verdicts.count == 5)
    #expect(verdicts["strange"] == "not-compared")
  }

  @Test func anExpectedFailureThatDiffersDoesNotCount() throws {
    var draft = FixtureDraft.network()
    draft.set("expected_failure", of: "layers/fc2", .word("known since May"))
    draft.change("layers/fc2/reference/output", at: 0, to: 100)
    // What follows was computed from the right numbers.
    draft["layers/loss/reference/input.0"] = FixtureDraft.network()["layers/fc2/reference/output"]
    draft["layers/loss/reference/input.1"] = draft["inputs/target"]
    let path = try folder.write(draft)
    let run = try CommandRun(path)
    #expect(run.status == 0, "\(run)")
    #expect(run.output.contains("expected") && run.output.contains("known since May"))
    let record = try CommandRun(path, "--json", "-").records().tensor("output", of: "fc2")
    #expect(record["verdict"] as? String == "expected")
  }

  @Test func anExpectedFailureThatAgreesIsASurprise() throws {
    var draft = FixtureDraft.network()
    draft.set("expected_failure", of: "layers/relu", .word("known since May"))
    let run = try CommandRun(try folder.write(draft))
    #expect(run.status == 1)
    #expect(run.output.contains("surprise") && run.output.contains("known since May"))
  }

  @Test func zerosThroughoutAreVacuous() throws {
    var draft = FixtureDraft()
    draft.addReLU("relu")
    for name in ["input", "output", "grad_output", "grad_input"] {
      draft["layers/relu/reference/\(name)"] = DraftTensor([0, 0], [2])
    }
    let run = try CommandRun(try folder.write(draft))
    #expect(run.status == 2 && run.output.contains("vacuous"), "\(run)")
    #expect(!run.output.contains("✓"))
  }

  @Test func nothingToCompareIsTwo() throws {
    var draft = FixtureDraft.linear()
    for path in ["output", "grad_input", "grad_parameters/weight", "grad_parameters/bias"] {
      draft["layers/fc/reference/\(path)"] = nil
    }
    let run = try CommandRun(try folder.write(draft))
    #expect(run.status == 2 && !run.output.contains("✓") && !run.output.contains(" agree "))
  }

  @Test func whatIsMissingIsListedAndDoesNotCount() throws {
    var draft = FixtureDraft.network()
    draft["layers/fc2/reference/grad_parameters/bias"] = nil
    let path = try folder.write(draft)
    let run = try CommandRun(path, "--verbose")
    #expect(run.status == 0)
    #expect(run.output.contains("grad_parameters/bias: not-compared, not in the fixture"))
    let record = try CommandRun(path, "--json", "-").records()
      .tensor("grad_parameters/bias", of: "fc2")
    #expect(record["verdict"] as? String == "not-compared")
  }

  @Test(arguments: [[4, 2], [8], [2, 4, 1]])
  func anotherShapeDiffers(_ shape: [Int]) throws {
    var draft = FixtureDraft.linear()
    draft["layers/fc/reference/output"]?.shape = shape
    let run = try CommandRun(try folder.write(draft))
    #expect(run.status == 1)
    #expect(run.output.contains("output: differ, the shape is [2, 4] here and"), "\(run.output)")
  }

  @Test func updatedParametersNeedAnOptimiser() throws {
    var draft = FixtureDraft.linear()
    let updated = "layers/fc/reference/updated_parameters/weight"
    draft[updated] = .eighths([4, 3], seed: 9)
    let without = try CommandRun(try folder.write(draft), "--verbose")
    #expect(without.status == 0)
    #expect(
      without.output.contains("updated_parameters/weight: not-compared, the fixture lacks /optim"))
    draft.set("type", of: "optimizer", .word("SGD"))
    draft.addGroup("optimizer")
    #expect(try CommandRun(folder.write(draft)).status == 1)
  }

  @Test func namesFromAFileCannotSteerTheTerminal() throws {
    var draft = FixtureDraft.network()
    let name = "a\u{202E}b"
    draft.add("acme.\(name)", name)
    draft["layers/\(name)/parameters/\(name)"] = .eighths([2], seed: 1)
    draft["layers/\(name)/reference/grad_parameters/\(name)"] = .eighths([2], seed: 1)
    draft["x_\(name)"] = .eighths([1], seed: 1)
    let path = try folder.write(draft)
    for arguments in [[path], [path, "--verbose"], [path, "--layer", "a\u{202E}c"]] {
      let run = try CommandRun(arguments)
      #expect(run.status == 2 && run.text.contains("a\\u{202e}b"), "\(run)")
      #expect(!run.text.unicodeScalars.contains("\u{202E}"), "\(run)")
    }
  }

  @Test func aClassThatDoesNotExistIsOneMessage() throws {
    var draft = FixtureDraft.network()
    draft.add("CrossEntropyLoss", "entropy", inputs: ["fc2", "labels"])
    draft["inputs/labels"] = DraftTensor([1, 7], [2], .int64)
    draft["layers/entropy/reference/output"] = DraftTensor([1], [])
    let path = try folder.write(draft)
    let run = try CommandRun(path)
    #expect(run.status == 2 && run.signal == 0, "\(run)")
    let messages = run.text.split(separator: "\n").filter { $0.contains("7") && $0.contains("[1]") }
    #expect(messages.count == 1, "\(run)")
    let verdicts = try CommandRun(path, "--json", "-").records().layerVerdicts
    #expect(verdicts["entropy"] == "not-compared" && verdicts["loss"] == "agree")
  }
}

extension [String: String] {
  /// The other values, each once.
  fileprivate func removingValue(_ value: String) -> Set<String> {
    Set(values.filter { $0 != value })
  }
}
