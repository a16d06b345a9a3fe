import Discrepancy
import FixtureDrafts
import HDF5File
import Reports
import Testing
import Verification

/// Verdicts on several training steps; runs of PyTorch are in `trajectories-torch.h5`.
@Suite struct TrajectoryTests {
  /// One step of plain descent, p′ = p − ½g, of the network whose gradients the sample records.
  private func step() -> FixtureDraft {
    var draft = FixtureDraft.network()
    draft.addGroup("optimizer")
    draft.set("type", of: "optimizer", .word("SGD"))
    draft.set("lr", of: "optimizer", .real(0.5))
    draft.addGroup("trajectory")
    draft.set("steps", of: "trajectory", .integers([1], shape: []))
    for input in ["x", "target"] {
      draft["trajectory/batches/0/\(input)"] = draft["inputs/\(input)"]
    }
    draft["trajectory/reference/loss"] = draft["layers/loss/reference/output"].map {
      DraftTensor($0.elements, [1])
    }
    for layer in ["fc1", "fc2"] {
      for name in ["weight", "bias"] {
        let gradient = draft["layers/\(layer)/reference/grad_parameters/\(name)"]
        draft["trajectory/reference/parameters/\(layer)/\(name)"] = gradient.flatMap { gradient in
          draft["layers/\(layer)/parameters/\(name)"]?.combined(with: gradient) { $0 - 0.5 * $1 }
        }
      }
    }
    return draft
  }

  private let paths = [
    "loss", "parameters/fc1/bias", "parameters/fc1/weight", "parameters/fc2/bias",
    "parameters/fc2/weight",
  ]

  @Test func theTrajectoryHasARowOfItsOwn() throws {
    let row = try Trial(step()).layer("/trajectory")
    #expect(row.verdict == .agree && row.layer.kind == "SGD")
    #expect(row.tensors.map(\.path) == paths)
    for tensor in row.tensors { #expect(tensor.verdict == .agree && tensor.mode == .trajectory) }
  }

  @Test func whatEndsElsewhereDiffers() throws {
    for path in paths {
      var draft = step()
      let dataset = "trajectory/reference/\(path)"
      draft.change(dataset, at: 0, to: (draft[dataset]?.elements[0] ?? 0) + 1e-4)
      let verdicts = try Trial(draft).verdicts(of: "/trajectory")
      #expect(verdicts.filter { $0.value == .differ }.map(\.key) == [path])
    }
  }

  @Test func aParameterThatIsNoNumberIsInvalid() throws {
    var draft = step()
    draft.change("trajectory/reference/parameters/fc1/weight", at: 3, to: .nan)
    #expect(try Trial(draft).layer("/trajectory").verdict == .invalid)
  }

  /// In double precision the reference may lie 1e-9 of the largest element off, and no more.
  @Test(arguments: [(1e-10, Verdict.agree), (1e-8, .differ)])
  func doublePrecisionIsHeldToItsOwnTolerance(_ share: Double, _ verdict: Verdict) throws {
    var draft = step()
    let path = "trajectory/reference/parameters/fc2/weight"
    let largest = draft[path]?.elements.map(\.magnitude).max() ?? 0
    for path in paths.map({ "trajectory/reference/\($0)" }) { draft[path] = draft[path]?.double }
    draft.change(path, at: 2, to: (draft[path]?.elements[2] ?? 0) + share * largest)
    let verdicts = try Trial(draft).verdicts(of: "/trajectory")
    #expect(verdicts["parameters/fc2/weight"] == verdict)
  }

  @Test func anotherShapeDiffers() throws {
    var draft = step()
    draft["trajectory/reference/parameters/fc1/bias"]?.shape = [2, 2]
    #expect(try Trial(draft).verdicts(of: "/trajectory")["parameters/fc1/bias"] == .differ)
  }

  // MARK: What cannot be compared

  private func reason(_ change: (inout FixtureDraft) -> Void) throws -> TensorReport.Reason? {
    var draft = step()
    change(&draft)
    let row = try Trial(draft).layer("/trajectory")
    #expect(row.verdict == .notCompared)
    return row.tensors.first?.reason
  }

  @Test func whatItNeedsIsNamed() throws {
    #expect(try reason { $0.removeAttribute("loss") } == .inputAbsent("the attribute `loss`"))
    let unknown = try reason { $0.set("type", of: "layers/relu", .word("Foo")) }
    #expect(unknown == .unknownKind("Foo", closest: nil))
    let chance = try reason {
      $0.set("type", of: "layers/relu", .word("Dropout"))
      $0.set("training", of: "layers/relu", .truth(true))
      $0["layers/relu/auxiliary/mask"] = DraftTensor(.init(repeating: 1, count: 8), [2, 4])
    }
    #expect(
      chance == .unusable("`relu` needs chance, which a trajectory does not record"))
    let batch = try reason { $0["trajectory/batches/0/x"]?.shape = [3, 2] }
    #expect(batch?.preventsResult == true)
  }
}
