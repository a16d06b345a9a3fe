import Discrepancy
import FixtureDrafts
import HDF5File
import Reports
import Tensors
import Testing
import Verification

/// What a reference lacks, how it was computed, and its twin.
@Suite struct ReferenceTests {
  // MARK: What is missing

  @Test func withoutAnUpstreamGradientNoGradientIsCompared() throws {
    var draft = FixtureDraft.linear()
    draft["layers/fc/reference/grad_output"] = nil
    let trial = try Trial(draft)
    #expect(
      try trial.verdicts(of: "fc") == [
        "output": .agree, "grad_input": .notCompared, "grad_parameters/weight": .notCompared,
        "grad_parameters/bias": .notCompared,
      ])
    #expect(try trial.tensor("grad_input", of: "fc").reason == .inputAbsent("grad_output"))
    #expect(trial.verdicts["fc"] == .agree)
  }

  @Test func theObjectiveHasTheUpstreamGradientOne() throws {
    #expect(try Trial(.network()).tensor("grad_input.0", of: "loss").verdict == .agree)
    var given = FixtureDraft.network()
    given["layers/loss/reference/grad_output"] = DraftTensor([2], [])
    #expect(try Trial(given).tensor("grad_input.0", of: "loss").verdict == .differ)
    var other = FixtureDraft.network()
    other.removeAttribute("loss")
    #expect(
      try Trial(other).tensor("grad_input.0", of: "loss").reason == .inputAbsent("grad_output"))
  }

  @Test(arguments: [[], [1]])
  func aScalarHasNoAxisOrOne(_ shape: [Int]) throws {
    var draft = FixtureDraft.network()
    draft["layers/loss/reference/output"]?.shape = shape
    #expect(try Trial(draft).tensor("output", of: "loss").verdict == .agree)
  }

  @Test func oneElementInMoreAxesIsAnotherShape() throws {
    var draft = FixtureDraft.network()
    draft["layers/loss/reference/output"]?.shape = [1, 1]
    #expect(try Trial(draft).tensor("output", of: "loss").verdict == .differ)
  }

  @Test func withoutAnyReferenceNothingAgrees() throws {
    var draft = FixtureDraft.linear()
    for path in ["output", "grad_input", "grad_parameters/weight", "grad_parameters/bias"] {
      draft["layers/fc/reference/\(path)"] = nil
    }
    #expect(try Trial(draft).verdicts == ["fc": .notCompared])
  }

  // MARK: What cannot be read

  @Test(arguments: [("damaged-result", "grad_parameters/weight"), ("damaged-output", "output")])
  func aDamagedResultIsNotComparedAndTheRestIs(_ name: String, _ path: String) throws {
    let trial = try Trial(committed: name)
    let damaged = try trial.tensor(path, of: "linear")
    guard case .unusable(let text) = damaged.reason else {
      Issue.record("\(damaged)")
      return
    }
    #expect(text.contains(path) && damaged.verdict == .notCompared, "\(text)")
    let others = try trial.verdicts(of: "linear").filter { $0.key != path }
    #expect(others.count == 3 && others.values.allSatisfy { $0 == .agree }, "\(others)")
    #expect(trial.verdicts == ["linear": .notCompared, "relu": .agree])
    try expectTwo(trial)
  }

  @Test func aDamagedOperandLeavesItsLayerUncompared() throws {
    let trial = try Trial(committed: "damaged-weight")
    #expect(try trial.layer("linear").tensors.allSatisfy { $0.verdict == .notCompared })
    #expect(trial.verdicts == ["linear": .notCompared, "relu": .agree])
    try expectTwo(trial)
  }

  @Test func aDamagedUpstreamGradientLeavesTheGradientsUncompared() throws {
    let trial = try Trial(committed: "damaged-upstream")
    let verdicts = try trial.verdicts(of: "linear")
    #expect(verdicts["output"] == .agree && verdicts["grad_input"] == .notCompared)
    #expect(trial.verdicts["relu"] == .agree)
    try expectTwo(trial)
  }

  private func expectTwo(_ trial: Trial) throws {
    var summary = Summary()
    summary.beginFixture()
    for layer in trial.layers { summary.count(layer) }
    summary.endFixture()
    #expect(summary.exitStatus == 2)
  }

  // MARK: The twin

  @Test func theTwinIsJudgedByItself() throws {
    var draft = FixtureDraft.linear()
    for path in ["output", "grad_input", "grad_parameters/weight", "grad_parameters/bias"] {
      draft["layers/fc/reference_f64/\(path)"] = draft["layers/fc/reference/\(path)"]?.double
    }
    let agreeing = try Trial(draft)
    #expect(try agreeing.layer("fc").tensors.count == 8 && agreeing.verdicts["fc"] == .agree)

    // An error that single precision explains and double precision does not.
    let path = "layers/fc/reference_f64/output"
    let right = try #require(draft[path]).elements[2]
    draft.change(path, at: 2, to: right + 1e-7)
    let twin = try Trial(draft)
    #expect(try twin.tensor("output", of: "fc").verdict == .agree)
    #expect(try twin.tensor("output", of: "fc", against: "reference_f64").verdict == .differ)
    #expect(twin.verdicts["fc"] == .differ)

    draft.change(path, at: 2, to: right)
    draft.change("layers/fc/reference/output", at: 2, to: right + 1)
    let reference = try Trial(draft)
    #expect(try reference.tensor("output", of: "fc").verdict == .differ)
    #expect(try reference.tensor("output", of: "fc", against: "reference_f64").verdict == .agree)
  }

  @Test func theTwinHasItsOwnInputs() throws {
    var draft = FixtureDraft.linear()
    let x = DraftTensor.eighths([2, 3], seed: 21)
    let weight = try #require(draft["layers/fc/parameters/weight"])
    let bias = try #require(draft["layers/fc/parameters/bias"])
    draft["layers/fc/reference_f64/input"] = x.double
    draft["layers/fc/reference_f64/output"] =
      (x * weight.transposed).combined(with: bias, +).double
    let trial = try Trial(draft)
    #expect(try trial.verdicts(of: "fc", against: "reference_f64")["output"] == .agree)
    #expect(try trial.verdicts(of: "fc")["output"] == .agree)
  }

  // MARK: Expected failures

  @Test func anExpectedFailureNeedsADifference() throws {
    var draft = FixtureDraft.linear()
    draft.set("expected_failure", of: "layers/fc", .word("reason"))
    #expect(try Trial(draft).verdicts == ["fc": .surprise])
    draft.change("layers/fc/reference/grad_input", at: 0, to: 50)
    let trial = try Trial(draft)
    #expect(trial.verdicts == ["fc": .expected])
    #expect(try trial.tensor("output", of: "fc").verdict == .agree)
    draft.change("layers/fc/reference/grad_input", at: 0, to: .nan)
    #expect(try Trial(draft).tensor("grad_input", of: "fc").verdict == .expected)
  }
}
