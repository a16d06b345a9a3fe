import FixtureDrafts
import Foundation
import Testing

/// Layers that are verified side by side are told as if they had been verified one by one.
@Suite struct SideBySideTests {
  private static let threads = ["1", "2", "3", "1000"]

  /// Three cases of small layers, some of them wrong: a group reaches from one case into the next.
  @Test func layersOfSeveralCasesAreToldInOrder() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let (cases, layers) = (["a", "b", "c"], (10..<23).map { "relu\($0)" })
    var draft = FixtureDraft()
    for name in cases {
      for layer in layers { draft.addReLU(layer, below: "cases/\(name)/layers") }
    }
    draft.change("cases/a/layers/relu11/reference/output", at: 2, to: 4)
    draft.change("cases/b/layers/relu22/reference/grad_input", at: 0, to: 4)
    let path = try folder.write(draft)

    let runs = try Self.threads.map { try CommandRun(path, "--json", "-", "--threads", $0) }
    #expect(runs.allSatisfy { $0.status == 1 }, "\(runs[0])")
    #expect(Set(runs.map(\.output)).count == 1)
    let told = try runs[1].records().filter { $0["record"] as? String == "layer" }
    let names = told.map { "\($0["case"] ?? "") \($0["layer"] ?? "")" }
    #expect(names == cases.flatMap { name in layers.map { "\(name) \($0)" } })
    #expect(told.filter { $0["verdict"] as? String == "differ" }.count == 2)
  }

  /// A tensor that cannot be read is one message, and what stands beside it is verified.
  @Test(arguments: ["damaged-output", "damaged-upstream", "damaged-weight"])
  func aDamagedTensorIsToldOnce(_ name: String) throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = tests.appendingPathComponent("VerificationTests/Fixtures/\(name).h5").path
    let runs = try Self.threads.map { try CommandRun(path, "--json", "-", "--threads", $0) }
    #expect(runs.allSatisfy { $0.status == 2 }, "\(runs[0])")
    #expect(Set(runs.map(\.output)).count == 1 && Set(runs.map(\.errors)).count == 1)
  }
}
