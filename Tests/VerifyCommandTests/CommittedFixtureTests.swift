import FixtureDrafts
import Foundation
import Testing

/// The fixtures that are committed beside the sources, each with the status that it is there for.
@Suite struct CommittedFixtureTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("fixtures").path

  @Test(
    arguments: [
      ("lenet5-torch", Int32(0)), ("residual-block-torch", 0), ("block-torch", 0),
      ("layers-torch", 0),
      ("convolutions-torch", 0), ("pools-torch", 0), ("handwritten", 0), ("optimizers-torch", 0),
      ("block-keras", 0), ("planted-wrong-gradient", 1),
    ])
  func itHasItsStatus(_ name: String, _ status: Int32) throws {
    for precision in ["float64", "reference", "float32"] {
      let run = try CommandRun("\(Self.folder)/\(name).h5", "--precision", precision)
      #expect(run.status == status && run.errors.isEmpty, "\(precision): \(run)")
    }
  }

  /// No operation of a model with everything in it is left out.
  @Test func everyOperationOfTheBlockIsCompared() throws {
    let records = try CommandRun("\(Self.folder)/block-torch.h5", "--json", "-").records()
    let tensors = records.filter {
      $0["record"] as? String == "tensor" && $0["mode"] as? String == "isolated"
    }
    let missing = tensors.filter { $0["verdict"] as? String != "agree" }
    // No optimiser stepped, and nobody asked for the gradient of class indices.
    #expect(missing.isEmpty, "\(missing)")
    #expect(records.layerVerdicts.count == 21)
    #expect(records.layerVerdicts.values.allSatisfy { $0 == "agree" })
    #expect(Set(tensors.compactMap { $0["against"] as? String }).count == 2)
  }

  /// A trajectory is computed in several precisions, whatever is asked for.
  @Test(arguments: ["trajectories-torch", "lenet5-trajectory-torch"])
  func trajectoriesAgree(_ name: String) throws {
    let run = try CommandRun("\(Self.folder)/\(name).h5", "--json", "-", seconds: 600)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
    let steps = try run.records().filter { $0["mode"] as? String == "trajectory" }
    #expect(steps.count >= 11 && steps.allSatisfy { $0["verdict"] as? String == "agree" })
  }

  /// The example builds the network in code and repeats what PyTorch did, to 1e-9.
  @Test func theExampleRepeatsAHundredStepsOfPyTorch() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: BuiltCommand.path).deletingLastPathComponent()
      .appendingPathComponent("train-lenet")
    process.arguments = ["\(Self.folder)/lenet5-trajectory-torch.h5"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.split(separator: "\n").count == 10)
  }

  @Test func thePlantedGradientIsTheOnlyOneThatDiffers() throws {
    let path = "\(Self.folder)/planted-wrong-gradient.h5"
    let records = try CommandRun(path, "--json", "-").records()
    #expect(records.summary?["differ"] as? Int == 1)
    let wrong = try records.tensor("grad_parameters/weight", of: "conv2")
    #expect(wrong["verdict"] as? String == "differ")
    #expect(try CommandRun(path).output.contains("called at planted.py:41"))
  }

  /// One element of one gradient is changed in the bytes of the file.
  @Test func oneCorruptElementOfLeNetIsNamed() throws {
    let path = "\(Self.folder)/lenet5-torch.h5"
    let right = try CommandRun(path, "--json", "-").records()
    let record = try #require(
      right.first {
        $0["tensor"] as? String == "grad_parameters/weight" && $0["kind"] as? String == "Conv2d"
          && $0["mode"] as? String == "isolated" && $0["against"] as? String == "reference"
      })
    let layer = try #require(record["layer"] as? String)
    let index = try #require(record["worst_index"] as? [Int])
    let value = Float(try #require(record["reference"] as? Double))

    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let place = try #require(bytes.range(of: value.data), "the gradient is stored as it is")
    #expect(bytes[place.upperBound...].range(of: value.data) == nil, "the value is there once")
    bytes.replaceSubrange(place, with: (value + 1).data)
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try bytes.write(to: URL(fileURLWithPath: folder("lenet5.h5")))

    let run = try CommandRun(folder("lenet5.h5"))
    #expect(run.status == 1)
    for fact in [layer, "grad_parameters/weight", "\(index)", "\(Double(value + 1))"] {
      #expect(run.output.contains(fact), "\(fact) is missing in \(run.output)")
    }
    let wrong = try CommandRun(folder("lenet5.h5"), "--json", "-").records()
    #expect(wrong.summary?["differ"] as? Int == 1)
  }
}

extension Float {
  /// The four bytes as a file holds them.
  fileprivate var data: Data { withUnsafeBytes(of: bitPattern.littleEndian) { Data($0) } }
}
