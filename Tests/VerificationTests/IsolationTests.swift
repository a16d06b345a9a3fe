import Discrepancy
import FixtureDrafts
import HDF5File
import Reports
import Tensors
import Testing
import Verification

/// Each layer is judged on what the reference fed it: one fault stays in one row.
@Suite struct IsolationTests {
  @Test func everythingAgrees() throws {
    let trial = try Trial(.network())
    #expect(trial.layers.map(\.layer.name) == ["fc1", "relu", "fc2", "loss"])
    #expect(trial.layers.allSatisfy { $0.verdict == .agree })
    for layer in trial.layers {
      #expect(!layer.chained.isEmpty && layer.chained.allSatisfy { $0.verdict == .agree })
    }
  }

  @Test func aFaultStaysInItsRow() throws {
    let trial = try Trial(.network(fault: 0.5))
    #expect(trial.verdicts == ["fc1": .differ, "relu": .agree, "fc2": .agree, "loss": .agree])
    #expect(
      try trial.verdicts(of: "fc1") == [
        "output": .differ, "grad_input": .agree, "grad_parameters/weight": .agree,
        "grad_parameters/bias": .agree,
      ])
    let worst = try #require(try trial.tensor("output", of: "fc1").comparison?.worst)
    #expect(worst.offset == 1 && worst.reference - worst.ours == 0.5)
  }

  @Test func whatFollowsInheritsAndNamesTheOrigin() throws {
    let trial = try Trial(.network(fault: 0.5))
    #expect(try trial.chained("output", of: "fc1").verdict == .differ)
    for (layer, path) in [
      ("relu", "output"), ("fc2", "output"), ("loss", "output"), ("loss", "grad_input.0"),
      ("fc2", "grad_parameters/weight"),
    ] {
      let chained = try trial.chained(path, of: layer)
      #expect(chained.verdict == .inherited && chained.origin == "fc1", "\(layer) \(chained)")
    }
  }

  @Test func aGradientInheritsFromALayerBehind() throws {
    // The second layer hands back a wrong gradient, and the framework goes on from there.
    var draft = FixtureDraft.network()
    let wrong = "layers/fc2/reference/grad_input"
    let outputs = try #require(draft["layers/relu/reference/output"]).elements
    let open = try #require(outputs.firstIndex { $0 > 0 })
    draft.change(wrong, at: open, to: 50)
    draft.change("layers/relu/reference/grad_output", at: open, to: 50)
    draft.change("layers/relu/reference/grad_input", at: open, to: 50)
    let trial = try Trial(draft)
    #expect(try trial.tensor("grad_input", of: "fc2").verdict == .differ)
    #expect(try trial.tensor("grad_input", of: "relu").verdict == .agree)
    let chained = try trial.chained("grad_input", of: "relu")
    // Only layers before it are ever named.
    #expect(chained.verdict == .inherited && chained.origin == nil, "\(chained)")
    #expect(try trial.chained("output", of: "relu").verdict == .agree)
  }

  @Test func theChainedRunCanBeLeftOut() throws {
    let without = try Trial(.network(fault: 0.5), VerificationOptions(isChained: false))
    #expect(without.layers.allSatisfy { $0.chained.isEmpty })
    #expect(without.verdicts["fc1"] == .differ)
    let selected = try Trial(.network(), VerificationOptions(layers: ["fc2"]))
    #expect(
      selected.verdicts == ["fc2": .agree] && selected.layers.allSatisfy { $0.chained.isEmpty })
  }

  @Test func anUnknownKindIsBridgedByItsRecords() throws {
    var draft = FixtureDraft.network()
    draft.set("type", of: "layers/relu", .word("acme.ReLU"))
    let trial = try Trial(draft)
    #expect(trial.verdicts == ["fc1": .agree, "relu": .notCompared, "fc2": .agree, "loss": .agree])
    #expect(try trial.chained("output", of: "fc2").verdict == .agree)
    #expect(try trial.chained("grad_parameters/weight", of: "fc1").verdict == .agree)
    #expect(
      try trial.tensor("output", of: "relu").reason
        == .unknownKind("acme.ReLU", closest: nil))
  }

  /// The recorded gradient of an unknown kind has not the shape of what it consumed.
  @Test func aBridgeThatDoesNotFitIsLeftOut() throws {
    for (name, shape) in [("grad_input", [3, 2]), ("output", [4, 2])] {
      var draft = FixtureDraft.network()
      draft.set("type", of: "layers/relu", .word("acme.ReLU"))
      draft["layers/relu/reference/\(name)"] = .eighths(shape, seed: 1)
      if name == "output" {
        // What the next layer is judged on stays right.
        draft["layers/fc2/reference/input"] = FixtureDraft.network()["layers/relu/reference/output"]
        draft["layers/relu/reference/grad_output"] = nil
      }
      let trial = try Trial(draft)
      #expect(trial.verdicts["fc1"] == .agree && trial.verdicts["fc2"] == .agree)
    }
  }

  /// The framework's output has another shape: what follows is judged on its own input, and the
  /// chained run, whose tensors do not fit what follows, ends there.
  @Test func aDisputedShapeDoesNotStopTheOthers() throws {
    var draft = FixtureDraft.network()
    let right = try #require(draft["layers/relu/reference/output"])
    draft["layers/fc2/reference/input"] = right
    draft.set("type", of: "layers/relu", .word("Flatten"))
    draft.set("start_dim", of: "layers/relu", .integers([0], shape: []))
    draft["layers/relu/reference/grad_output"] = nil
    draft["layers/relu/reference/grad_input"] = nil
    let trial = try Trial(draft)
    #expect(trial.verdicts == ["fc1": .agree, "relu": .differ, "fc2": .agree, "loss": .agree])
    #expect(try trial.tensor("output", of: "relu").reason == .shapes(ours: [8], reference: [2, 4]))
    #expect(try trial.layer("fc2").chained.isEmpty)
  }

  @Test func casesAreVerifiedOneAfterTheOther() throws {
    var draft = FixtureDraft()
    for name in ["first", "second"] {
      draft.addLinear("fc", below: "cases/\(name)/layers")
      draft.addReLU("relu", below: "cases/\(name)/layers")
    }
    draft.change("cases/second/layers/fc/reference/output", at: 3, to: 40)
    let trial = try Trial(draft)
    #expect(trial.layers.map(\.layer.caseName) == ["first", "first", "second", "second"])
    #expect(try trial.layer("fc", of: "first").verdict == .agree)
    #expect(try trial.layer("fc", of: "second").verdict == .differ)
    #expect(try trial.layer("relu", of: "second").verdict == .agree)
  }

  @Test(arguments: [true, false])
  func aSharedParameterIsThatOfItsHolder(_ byLink: Bool) throws {
    var draft = FixtureDraft.linear("first")
    draft.addLinear("second")
    for name in ["weight", "bias"] {
      draft["layers/second/parameters/\(name)"] = nil
      if byLink {
        draft.link("layers/second/parameters/\(name)", to: "layers/first/parameters/\(name)")
      }
    }
    if !byLink { draft.set("shares_parameters_with", of: "layers/second", .word("first")) }
    #expect(try Trial(draft).verdicts == ["first": .agree, "second": .agree])
    // Both are computed with what the holder has.
    draft.change("layers/first/parameters/weight", at: 0, to: 30)
    #expect(try Trial(draft).verdicts == ["first": .differ, "second": .differ])
  }
}
