import FixtureDrafts
import Foundation
import Testing

/// With the weights that a framework saved, a network gives that framework's own output.
///
/// The parameters of each fixture are zero, and most convolutions of a network have equal shapes:
/// only the right numbers in the right places agree. `make-reproduction.py` wrote the files.
@Suite struct WeightReproductionTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

  private static func path(_ name: String) -> String {
    let place =
      name.hasPrefix("mlperf") && !name.hasSuffix("-fixture.h5")
      ? "../WeightsTests/Fixtures" : "Reproduction"
    return folder.appendingPathComponent(place).appendingPathComponent(name).path
  }

  struct Network: CustomTestStringConvertible, Sendable {
    let name: String
    let endings: [String]
    let layers: Int
    let tensors: Int

    var testDescription: String { name }
  }

  /// 64 convolutions with nested and frozen models; every sort of kernel; names of over 64 KB;
  /// halves; a trained network; convolutions of equal names in three blocks, with gradients.
  static let networks = [
    Network(name: "chain", endings: ["keras", "weights.h5", "legacy.h5"], layers: 73, tensors: 73),
    Network(name: "kinds", endings: ["keras", "weights.h5", "legacy.h5"], layers: 10, tensors: 10),
    Network(name: "long-names", endings: ["legacy.h5"], layers: 33, tensors: 33),
    Network(name: "float16", endings: ["keras", "weights.h5", "legacy.h5"], layers: 3, tensors: 3),
    Network(name: "bfloat16", endings: ["keras", "weights.h5"], layers: 3, tensors: 3),
    Network(name: "mlperf_resnet8", endings: ["h5"], layers: 30, tensors: 30),
    Network(name: "torch", endings: ["safetensors", "npz", "state.h5"], layers: 81, tensors: 274),
    Network(name: "torch-bfloat16", endings: ["safetensors"], layers: 29, tensors: 94),
  ]

  @Test(arguments: networks)
  func theFrameworksOwnOutputIsReproduced(_ network: Network) throws {
    for ending in network.endings {
      let weights = Self.path("\(network.name).\(ending)")
      let run = try CommandRun(
        Self.path("\(network.name)-fixture.h5"), "--weights", weights, "--json", "-", seconds: 300)
      let records = try run.records()
      let summary = try #require(records.last)
      #expect(run.status == 0, "\(ending): \(summary)")
      #expect(summary["layers"] as? Int == network.layers)
      #expect(summary["agree"] as? Int == network.tensors)
      #expect(Set(records.layerVerdicts.values) == ["agree"])
      // Every tensor of the file found its place.
      let warnings = records.filter { $0["record"] as? String == "warning" }
      #expect(warnings.isEmpty, "\(ending): \(warnings)")
      try expectChained(records, ending)
    }
  }

  /// The network as a whole, on its own results, ends where the framework did.
  private func expectChained(_ records: [[String: Any]], _ ending: String) throws {
    let outputs = records.filter {
      $0["mode"] as? String == "chained" && $0["tensor"] as? String == "output"
    }
    #expect(outputs.count > 1)
    for output in outputs {
      let distance = try #require(output["max_rel_norm"] as? Double)
      #expect(distance < 1e-5, "\(ending): \(output)")
    }
  }

  @Test(arguments: networks)
  func theFixturesOwnParametersDoNotGiveIt(_ network: Network) throws {
    let records = try CommandRun(
      Self.path("\(network.name)-fixture.h5"), "--json", "-", seconds: 300
    ).records()
    let summary = try #require(records.last)
    #expect(summary["exit"] as? Int == 1)
    // Each layer with parameters shows it.
    let kinds = ["Conv2d", "ConvTranspose2d", "BatchNorm2d", "Linear", "PReLU"]
    let layers = records.filter {
      $0["record"] as? String == "layer" && kinds.contains($0["kind"] as? String ?? "")
    }
    #expect(layers.count > 1)
    #expect(layers.allSatisfy { $0["verdict"] as? String == "differ" })
  }
}
