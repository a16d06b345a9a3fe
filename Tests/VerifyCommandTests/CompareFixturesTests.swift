import FixtureDrafts
import Foundation
import Testing

/// `cnn-verify compare` on two fixtures: what one framework recorded against another.
@Suite struct CompareFixturesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let lenet = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("fixtures/lenet5-torch.h5").path

  private func compare(_ arguments: String...) throws -> (Int32?, [[String: Any]]) {
    let run = try CommandRun(["compare"] + arguments + ["--json", "-"])
    return (run.status, try run.records())
  }

  @Test func aFixtureAgreesWithItself() throws {
    let run = try CommandRun("compare", Self.lenet, Self.lenet)
    #expect(run.status == 0 && run.output.contains("14 layers: 109 agree"), "\(run)")
    #expect(run.output.contains("the rounding of each layer"))
  }

  @Test(arguments: [1.0, 1.001])
  func aGradientElementThatIsATenthOfAPercentOffDiffers(_ factor: Double) throws {
    var draft = FixtureDraft.network()
    let path = "layers/fc2/reference/grad_parameters/weight"
    let gradient = try #require(draft[path])
    let place = try #require(gradient.elements.lastIndex { $0 != 0 })
    let a = try folder.write(draft, "a.h5")
    draft.change(path, at: place, to: gradient.elements[place] * factor)
    let b = try folder.write(draft, "b.h5")
    for pair in [(a, b), (b, a)] {
      let (status, records) = try compare(pair.0, pair.1)
      #expect(status == (factor == 1 ? 0 : 1))
      let record = try records.tensor("grad_parameters/weight", of: "fc2")
      #expect(record["verdict"] as? String == (factor == 1 ? "agree" : "differ"), "\(record)")
      #expect(records.summary?["differ"] as? Int == (factor == 1 ? 0 : 1))
      if factor != 1 { #expect(record["worst_index"] as? [Int] == [place / 4, place % 4]) }
    }
  }

  /// As another order of addition may give it.
  @Test func aDifferenceWithinRoundingAgrees() throws {
    var draft = FixtureDraft.network()
    let path = "layers/fc2/reference/grad_parameters/weight"
    let gradient = try #require(draft[path])
    let place = try #require(gradient.elements.lastIndex { $0 != 0 })
    let a = try folder.write(draft, "a.h5")
    draft.change(path, at: place, to: Double(Float(gradient.elements[place]).nextUp))
    let b = try folder.write(draft, "b.h5")
    let (status, records) = try compare(a, b)
    let record = try records.tensor("grad_parameters/weight", of: "fc2")
    #expect(status == 0 && record["verdict"] as? String == "agree", "\(record)")
    #expect(record["max_ulp"] as? Double == 1 && record["limit"] as? String == "rounding of Linear")
    // The same files by their bits.
    #expect(try CommandRun("compare", a, b, "--ulp", "0").status == 1)
    #expect(try CommandRun("compare", a, b, "--ulp", "1").status == 0)
  }

  @Test func theSameNetworkInDoublePrecisionAgrees() throws {
    let draft = FixtureDraft.network()
    let a = try folder.write(draft, "a.h5")
    let b = try folder.write(draft.double, "b.h5")
    for (first, second) in [(a, b), (b, a)] {
      let run = try CommandRun("compare", first, second)
      #expect(run.status == 0 && !run.output.contains("inherited"), "\(run)")
    }
  }

  /// The first layer of the second framework is wrong; what follows was computed from that.
  @Test func whatFollowsFromAFaultIsInheritedAndTheFaultIsOneRow() throws {
    let a = try folder.write(.network(), "a.h5")
    let b = try folder.write(.network(fault: 0.5), "b.h5")
    for (first, second) in [(a, b), (b, a)] {
      let (status, records) = try compare(first, second)
      #expect(status == 1)
      #expect(
        records.layerVerdicts
          == [
            "fc1": "differ", "relu": "agree", "fc2": "agree", "loss": "agree", "/inputs": "agree",
          ])
      #expect(try records.tensor("output", of: "fc1")["verdict"] as? String == "differ")
      #expect(try #require(records.summary?["inherited"] as? Int) > 0)
    }
  }

  @Test func anInputThatIsNotWhatItsLayerGaveDiffers() throws {
    var draft = FixtureDraft.network()
    let recorded = "layers/relu/reference/input"
    draft[recorded] = draft["layers/fc1/reference/output"]
    let a = try folder.write(draft, "a.h5")
    let value = try #require(draft[recorded]).elements[2]
    draft.change(recorded, at: 2, to: value + 1)
    let b = try folder.write(draft, "b.h5")
    let (status, records) = try compare(a, b)
    #expect(status == 1)
    #expect(try records.tensor("input", of: "relu")["verdict"] as? String == "differ")
  }

  @Test func parametersMustBeEqual() throws {
    var draft = FixtureDraft.network()
    let a = try folder.write(draft, "a.h5")
    let path = "layers/fc1/parameters/weight"
    let value = Float(try #require(draft[path]).elements[0])
    draft.change(path, at: 0, to: Double(value.nextUp))
    let b = try folder.write(draft, "b.h5")
    let (status, records) = try compare(a, b)
    #expect(status == 1)
    let record = try records.tensor("parameters/weight", of: "fc1")
    #expect(record["verdict"] as? String == "differ" && record["limit"] as? String == "equal bits")
  }

  @Test func axesAreHonoured() throws {
    var draft = FixtureDraft.network()
    let a = try folder.write(draft, "a.h5")
    let path = "layers/fc1/parameters/weight"
    draft[path] = try #require(draft[path]).transposed
    draft.set("axes", of: path, .word("IO"))
    let b = try folder.write(draft, "b.h5")
    #expect(try CommandRun("compare", a, b).status == 0)
  }

  @Test func missingLayersAndTensorsAreListed() throws {
    var draft = FixtureDraft.network()
    let a = try folder.write(draft, "a.h5")
    draft["layers/fc2/reference/grad_parameters/bias"] = nil
    draft.addReLU("more")
    let b = try folder.write(draft, "b.h5")
    for (first, second, side) in [(a, b, "B"), (b, a, "A")] {
      let run = try CommandRun("compare", first, second)
      #expect(run.status == 2 && !run.output.contains("✓"), "\(run)")
      #expect(run.output.contains("grad_parameters/bias: not-compared, \(side) has none"))
      #expect(run.output.contains("layer: not-compared, \(side == "A" ? "B" : "A") has none"))
      let rest = try CommandRun(
        "compare", first, second, "--ignore", "*/grad_parameters/bias", "--ignore", "layers/more")
      #expect(rest.status == 0, "\(rest)")
    }
  }

  @Test func layersAreRenamed() throws {
    var (first, second) = (FixtureDraft(), FixtureDraft())
    first.addLinear("encoder.fc")
    second.addLinear("dense_1")
    let a = try folder.write(first, "a.h5")
    let b = try folder.write(second, "b.h5")
    #expect(try CommandRun("compare", a, b).status == 2)
    for line in ["encoder.fc dense_1", "layers/encoder.fc /layers/dense_1"] {
      try line.write(toFile: folder("map.txt"), atomically: true, encoding: .utf8)
      let run = try CommandRun("compare", a, b, "--map", folder("map.txt"))
      #expect(run.status == 0, "\(line): \(run)")
    }
  }

  @Test func anotherKindDiffersAndAnUnknownOneIsComparedByItsBits() throws {
    var draft = FixtureDraft()
    draft.addLinear("fc")
    draft.add("acme.Twist", "twist")
    draft["layers/twist/reference/output"] = .eighths([4], seed: 3)
    let a = try folder.write(draft, "a.h5")
    #expect(try CommandRun("compare", a, a).status == 0)
    draft.change("layers/twist/reference/output", at: 1, to: 7)
    let b = try folder.write(draft, "b.h5")
    let (status, records) = try compare(a, b)
    #expect(status == 1)
    #expect(try records.tensor("output", of: "twist")["limit"] as? String == "equal bits")
    draft.add("acme.Turn", "twist")
    let run = try CommandRun("compare", b, try folder.write(draft, "c.h5"))
    #expect(run.status == 1 && run.output.contains("A holds acme.Twist and B acme.Turn"), "\(run)")
  }

  @Test func provenanceIsNotCompared() throws {
    var draft = FixtureDraft.network()
    let a = try folder.write(draft, "a.h5")
    draft.set("producer", .word("somebody else 2.0"))
    draft.set("provenance", .word("{\"seed\": 7}"))
    #expect(try CommandRun("compare", a, folder.write(draft, "b.h5")).status == 0)
  }

  @Test func aFixtureThatIsNotInOrderIsOneMessage() throws {
    var draft = FixtureDraft.network()
    let a = try folder.write(draft, "a.h5")
    draft.set("strides", of: "layers/fc1", .real(1))
    let b = try folder.write(draft, "b.h5")
    let run = try CommandRun("compare", a, b)
    #expect(run.status == 2 && run.text.contains("`strides`"), "\(run)")
  }
}
