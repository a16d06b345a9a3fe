import FixtureDrafts
import Foundation
import Testing

/// Why tensors differ, as the command tells it.
@Suite struct CauseReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func negated(_ paths: [String]) -> FixtureDraft {
    var draft = FixtureDraft.linear()
    draft.set("producer", .word("torch 2.13.0+cpu"))
    for path in paths { draft.scale("layers/fc/reference/\(path)", by: -1) }
    return draft
  }

  @Test func oneCauseOfSeveralTensorsIsToldOnce() throws {
    let path = try folder.write(negated(["grad_input", "grad_parameters/weight"]))
    let run = try CommandRun(path)
    #expect(run.status == 1)
    let causes = run.output.split(separator: "\n").filter { $0.contains("cause of ") }
    #expect(causes == ["    cause of grad_input, grad_parameters/weight: sign"], "\(run.output)")
    #expect(run.output.contains("wrong: the reference, by the definition's exact derivative"))
    #expect(run.output.contains("  sign: 2 tensors, 1 layer"))
  }

  @Test func theRecordsHoldTheProof() throws {
    let path = try folder.write(negated(["grad_parameters/weight"]))
    let records = try CommandRun(path, "--json", "-").records()
    let wrong = try records.tensor("grad_parameters/weight", of: "fc")
    #expect(wrong["cause"] as? String == "sign" && wrong["causes"] as? [String] == ["sign"])
    #expect(wrong["blame"] as? String == "reference")
    #expect(wrong["confidence"] as? String == "proven")
    let diagnosis = try #require(wrong["diagnosis"] as? [String: Any])
    let causes = try #require(diagnosis["causes"] as? [[String: Any]])
    #expect(causes.count == 1 && causes[0]["residual"] as? Double == 0)
    #expect(causes[0]["effect"] as? Double ?? 0 > 1e5)
    let arbitration = try #require(diagnosis["arbitration"] as? [String: Any])
    let elements = try #require(arbitration["elements"] as? [[String: Any]])
    #expect(arbitration["basis"] as? String == "derivative" && !elements.isEmpty)
    for element in elements {
      #expect(element["definition"] as? Double == element["ours"] as? Double)
    }
    let right = try records.tensor("grad_input", of: "fc")
    #expect(right["cause"] is NSNull && right["diagnosis"] is NSNull)
    let summary = try #require(records.summary?["causes"] as? [[String: Any]])
    #expect(summary.count == 1 && summary[0]["id"] as? String == "sign")
    #expect(summary[0]["tensors"] as? Int == 1 && summary[0]["layers"] as? Int == 1)
  }

  /// In a batch of two, a sum that was taken twice is also a mean that was not.
  @Test func whatAFixtureCannotTellApartIsSaid() throws {
    var draft = FixtureDraft.linear()
    let weight = "layers/fc/reference/grad_parameters/weight"
    draft.scale(weight, by: 2)
    let path = try folder.write(draft)
    let record = try CommandRun(path, "--json", "-").records()
      .tensor("grad_parameters/weight", of: "fc")
    #expect(record["cause"] is NSNull && record["confidence"] as? String == "ambiguous")
    let ids = Set(record["causes"] as? [String] ?? [])
    #expect(ids == ["accumulated-twice", "scaled-by-batch"])
    let run = try CommandRun(path)
    #expect(run.output.contains("this fixture cannot tell"), "\(run.output)")
    #expect(run.output.contains("only it shows with a batch of 3 samples or more"))
  }

  @Test func withoutDiagnosisNothingIsLookedFor() throws {
    let path = try folder.write(negated(["grad_parameters/weight"]))
    let run = try CommandRun(path, "--no-diagnosis", "--json", "-")
    #expect(run.status == 1)
    let record = try run.records().tensor("grad_parameters/weight", of: "fc")
    #expect(record["verdict"] as? String == "differ")
    #expect(record["cause"] is NSNull && record["diagnosis"] is NSNull)
    #expect(try !CommandRun(path, "--no-diagnosis").output.contains("cause of"))
  }

  /// ReLU at exactly zero: a convention, no failure.
  @Test func anotherSlopeAtAKinkIsAWarning() throws {
    var draft = FixtureDraft()
    draft.addReLU("relu")
    let reference = "layers/relu/reference"
    draft["\(reference)/input"] = DraftTensor([1, 0, 3, -4], [4])
    draft["\(reference)/output"] = DraftTensor([1, 0, 3, 0], [4])
    draft["\(reference)/grad_input"] = DraftTensor([5, 6, 7, 0], [4])
    let run = try CommandRun(try folder.write(draft), "--json", "-")
    #expect(run.status == 0, "\(run)")
    let record = try run.records().tensor("grad_input", of: "relu")
    #expect(record["verdict"] as? String == "warn" && record["blame"] as? String == "nobody")
    #expect(record["cause"] as? String == "relu-derivative-at-zero")
  }

  @Test func numbersThatAreNotFiniteAreCounted() throws {
    var draft = FixtureDraft.linear()
    draft.change("layers/fc/reference/grad_parameters/bias", at: 2, to: .nan)
    let record = try CommandRun(try folder.write(draft), "--json", "-").records()
      .tensor("grad_parameters/bias", of: "fc")
    #expect(record["verdict"] as? String == "invalid" && record["cause"] as? String == "not-finite")
    #expect(record["blame"] as? String == "reference")
  }

  @Test func anUnknownErrorIsDescribed() throws {
    var draft = FixtureDraft.linear()
    draft.change("layers/fc/reference/grad_parameters/weight", at: 5, to: 77)
    let path = try folder.write(draft)
    let record = try CommandRun(path, "--json", "-").records()
      .tensor("grad_parameters/weight", of: "fc")
    #expect(record["cause"] as? String == "unidentified")
    #expect(record["confidence"] as? String == "unknown" && record["causes"] as? [String] == [])
    let diagnosis = try #require(record["diagnosis"] as? [String: Any])
    let portrait = try #require(diagnosis["unidentified"] as? [String: Any])
    #expect(portrait["wrong"] as? Int == 1 && portrait["largest_index"] as? [Int] == [1, 2])
    #expect(portrait["texture"] as? String == "a single element")
    let run = try CommandRun(path)
    #expect(run.output.contains("only output 1, only input 2, a single element"), "\(run.output)")
  }

  /// An output with two consumers, whose recorded gradient is that of one.
  @Test func aForgottenBranchIsNamed() throws {
    func draft(forgetting isForgotten: Bool) -> FixtureDraft {
      var draft = FixtureDraft()
      let x = DraftTensor([1, -2, 3, 4], [2, 2])
      draft["inputs/x"] = x
      draft.add("Identity", "stem", inputs: ["x"])
      draft.add("Identity", "left", inputs: ["stem"])
      draft.add("Identity", "right", inputs: ["stem"])
      let gradients = ["left": [1.0, 2, 3, 4], "right": [0.5, -0.25, 8, 1]]
      for (name, gradient) in gradients {
        draft["layers/\(name)/reference/output"] = x
        draft["layers/\(name)/reference/grad_output"] = DraftTensor(gradient, [2, 2])
        draft["layers/\(name)/reference/grad_input"] = DraftTensor(gradient, [2, 2])
      }
      let sum = isForgotten ? [1, 2, 3, 4] : [1.5, 1.75, 11, 5]
      draft["layers/stem/reference/output"] = x
      for name in ["grad_output", "grad_input"] {
        draft["layers/stem/reference/\(name)"] = DraftTensor(sum, [2, 2])
      }
      return draft
    }
    #expect(try CommandRun(try folder.write(draft(forgetting: false))).status == 0)
    let run = try CommandRun(try folder.write(draft(forgetting: true)), "--json", "-")
    #expect(run.status == 1, "\(run)")
    let record = try run.records().tensor("grad_output", of: "stem")
    #expect(record["cause"] as? String == "branch-gradient-missing")
    #expect(record["blame"] as? String == "reference" && record["verdict"] as? String == "differ")
  }

  /// Two layers that share their weights, updated by the gradient of the first alone.
  @Test func aStepFromOneOfTwoGradientsIsNamed() throws {
    func draft(forgetting isForgotten: Bool) -> FixtureDraft {
      var draft = FixtureDraft.linear("a")
      draft.addLinear("b", ["shares_parameters_with": .word("a")])
      for name in ["weight", "bias"] {
        draft["layers/b/parameters/\(name)"] = nil
        // Both layers have the same operands, and so the same gradients.
        let path = "layers/b/reference/grad_parameters/\(name)"
        let gradient = draft[path]?.elements ?? []
        let before = draft["layers/a/parameters/\(name)"]?.elements ?? []
        let uses = isForgotten ? 1.0 : 2
        draft["layers/a/reference/updated_parameters/\(name)"] = DraftTensor(
          zip(before, gradient).map { $0 - 0.5 * uses * $1 },
          draft["layers/a/parameters/\(name)"]?.shape ?? [])
      }
      draft.addGroup("optimizer")
      draft.set("type", of: "optimizer", .word("SGD"))
      draft.set("lr", of: "optimizer", .real(0.5))
      return draft
    }
    let right = try CommandRun(try folder.write(draft(forgetting: false)))
    #expect(right.status == 0, "\(right)")
    let run = try CommandRun(try folder.write(draft(forgetting: true)), "--json", "-")
    #expect(run.status == 1, "\(run)")
    let record = try run.records().tensor("updated_parameters/weight", of: "a")
    #expect(record["cause"] as? String == "shared-parameter-not-summed", "\(record)")
  }

  @Test func theNumberOfThreadsDoesNotChangeADiagnosis() throws {
    let path = try folder.write(negated(["grad_input", "grad_parameters/weight", "output"]))
    let reports = try [1, 2, 3].map { try CommandRun(path, "--json", "-", "--threads", "\($0)") }
    #expect(Set(reports.map(\.output)).count == 1)
  }
}

extension FixtureDraft {
  /// Multiplies all elements of a dataset.
  fileprivate mutating func scale(_ path: String, by factor: Double) {
    guard var tensor = self[path] else { return }
    tensor.elements = tensor.elements.map { factor * $0 }
    self[path] = tensor
  }
}
