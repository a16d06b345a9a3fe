import Discrepancy
import FixtureDrafts
import HDF5File
import Reports
import Testing
import Verification

/// Verdicts on the step of an optimiser.
@Suite struct UpdateTests {
  /// A linear layer with plain momentum: v = ½v₀ + g, p′ = p − ½v.
  private func step() -> FixtureDraft {
    var draft = FixtureDraft.linear()
    draft.addGroup("optimizer")
    draft.set("type", of: "optimizer", .word("SGD"))
    draft.set("lr", of: "optimizer", .real(0.5))
    draft.set("momentum", of: "optimizer", .real(0.5))
    for (name, shape) in [("weight", [4, 3]), ("bias", [4])] {
      let before = DraftTensor.eighths(shape, seed: 9)
      let gradient = draft["layers/fc/reference/grad_parameters/\(name)"] ?? before
      let after = before.combined(with: gradient) { v, g in 0.5 * v + g }
      draft["optimizer/state/fc/\(name)/momentum_buffer"] = before
      draft["optimizer/reference_state/fc/\(name)/momentum_buffer"] = after
      draft["layers/fc/reference/updated_parameters/\(name)"] =
        draft["layers/fc/parameters/\(name)"]?.combined(with: after) { p, v in p - 0.5 * v }
    }
    return draft
  }

  private let paths = [
    "updated_parameters/weight", "updated_parameters/bias",
    "reference_state/weight/momentum_buffer", "reference_state/bias/momentum_buffer",
  ]

  @Test func theStepAgrees() throws {
    let verdicts = try Trial(step()).verdicts(of: "fc")
    for path in paths { #expect(verdicts[path] == .agree, "\(path)") }
  }

  @Test func oneWrongElementStaysInItsTensor() throws {
    for path in paths {
      var draft = step()
      let dataset =
        path.hasPrefix("updated")
        ? "layers/fc/reference/\(path)"
        : "optimizer/\(path)"
          .replacing("reference_state", with: "reference_state/fc")
      draft.change(dataset, at: 1, to: (draft[dataset]?.elements[1] ?? 0) + 1e-6)
      let verdicts = try Trial(draft).verdicts(of: "fc")
      #expect(verdicts.filter { $0.value == .differ }.map(\.key) == [path])
    }
  }

  @Test(arguments: [VerificationOptions.Precision.float64, .float32])
  func whatDiffersIsToldElementByElement(_ precision: VerificationOptions.Precision) throws {
    var draft = step()
    draft.set("momentum", of: "optimizer", .real(0.499))
    let trial = try Trial(
      draft,
      VerificationOptions(
        precision: precision,
        arrays: ArraySelection(includesAgreeing: false, budgetBytes: 1 << 20)))
    let told = trial.events.compactMap { event in
      if case .arrays(let arrays) = event { arrays } else { nil }
    }
    #expect(Set(told.map(\.path)) == Set(paths))
    for arrays in told {
      let report = try trial.tensor(arrays.path, of: "fc")
      let worst = try #require(report.comparison?.worst)
      #expect(arrays.ours[worst.offset] == worst.ours)
      #expect(arrays.reference[worst.offset] == worst.reference)
      #expect(arrays.bound[worst.offset] == worst.bound)
      let beyond = arrays.ours.indices.filter {
        (arrays.ours[$0] - arrays.reference[$0]).magnitude > arrays.bound[$0]
      }
      #expect(beyond.count == report.comparison?.beyondBound)
    }
  }

  /// The settings of a step are not those that were written down.
  @Test func anotherMomentumDiffers() throws {
    var draft = step()
    draft.set("momentum", of: "optimizer", .real(0.499))
    let verdicts = try Trial(draft).verdicts(of: "fc")
    for path in paths { #expect(verdicts[path] == .differ, "\(path)") }
  }

  @Test func withoutItsGradientAStepIsNotCompared() throws {
    var draft = step()
    draft["layers/fc/reference/grad_parameters/bias"] = nil
    let trial = try Trial(draft)
    #expect(try trial.verdicts(of: "fc")["updated_parameters/weight"] == .agree)
    let bias = try trial.tensor("updated_parameters/bias", of: "fc")
    #expect(bias.verdict == .notCompared && bias.reason == .inputAbsent("grad_parameters/bias"))
  }

  @Test func stateThatIsNotThereIsMadeByTheStep() throws {
    var draft = step()
    draft["optimizer/state/fc/bias/momentum_buffer"] = nil
    let gradient = draft["layers/fc/reference/grad_parameters/bias"]
    draft["optimizer/reference_state/fc/bias/momentum_buffer"] = gradient
    draft["layers/fc/reference/updated_parameters/bias"] = gradient.flatMap { gradient in
      draft["layers/fc/parameters/bias"]?.combined(with: gradient) { p, g in p - 0.5 * g }
    }
    let verdicts = try Trial(draft).verdicts(of: "fc")
    for path in paths { #expect(verdicts[path] == .agree, "\(path)") }
  }

  @Test func stateThatNobodyKeepsIsNotCompared() throws {
    var draft = step()
    draft.removeAttribute("momentum", of: "optimizer")
    for name in ["weight", "bias"] { draft["optimizer/state/fc/\(name)/momentum_buffer"] = nil }
    let slot = try Trial(draft).tensor("reference_state/weight/momentum_buffer", of: "fc")
    #expect(slot.verdict == .notCompared && slot.reason?.preventsResult == true)
  }

  /// The number of steps of a parameter goes before that of all.
  @Test(arguments: [(Double?.some(2), 3.0, Verdict.agree), (2, 4, .differ), (nil, 8, .agree)])
  func stepsAreCounted(_ own: Double?, _ after: Double, _ verdict: Verdict) throws {
    var draft = FixtureDraft.linear()
    draft.addGroup("optimizer")
    draft.set("type", of: "optimizer", .word("Adam"))
    draft.set("step", of: "optimizer", .real(7))
    draft["optimizer/state/fc/bias/step"] = own.map { DraftTensor([$0], []) }
    draft["optimizer/state/fc/bias/exp_avg"] = .eighths([4], seed: 3)
    draft["optimizer/reference_state/fc/bias/step"] = DraftTensor([after], [1])
    #expect(try Trial(draft).verdicts(of: "fc")["reference_state/bias/step"] == verdict)
  }

  // MARK: Shared parameters

  /// Two uses of one weight: p′ = p − (g₁ + g₂), written down with one of them.
  private func shared(_ share: (inout FixtureDraft) -> Void, at holder: String) -> FixtureDraft {
    var draft = FixtureDraft.linear()
    let tensors = ["reference/input", "reference/grad_output", "reference/grad_parameters/weight"]
    draft.add("Linear", "twice")
    for tensor in tensors { draft["layers/twice/\(tensor)"] = draft["layers/fc/\(tensor)"] }
    share(&draft)
    draft.addGroup("optimizer")
    draft.set("type", of: "optimizer", .word("SGD"))
    draft.set("lr", of: "optimizer", .real(1))
    draft["layers/\(holder)/reference/updated_parameters/weight"] =
      draft["layers/fc/reference/grad_parameters/weight"].flatMap { g in
        draft["layers/fc/parameters/weight"]?.combined(with: g) { p, g in p - 2 * g }
      }
    return draft
  }

  @Test func gradientsOfAllThatShareAreAdded() throws {
    let byName = shared(
      { $0.set("shares_parameters_with", of: "layers/twice", .word("fc")) }, at: "fc")
    #expect(try Trial(byName).verdicts(of: "fc")["updated_parameters/weight"] == .agree)
    for holder in ["fc", "twice"] {
      let byLink = shared(
        { $0.link("layers/twice/parameters/weight", to: "layers/fc/parameters/weight") },
        at: holder)
      let verdicts = try Trial(byLink).verdicts(of: holder)
      #expect(verdicts["updated_parameters/weight"] == .agree, "\(holder)")
    }
  }
}
