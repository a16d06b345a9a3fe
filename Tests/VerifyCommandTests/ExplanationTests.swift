import FixtureDrafts
import Testing

/// What `--explain` shows of one layer.
@Suite struct ExplanationTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func aLayerIsShownInFull() throws {
    let run = try CommandRun(folder.write(.network()), "--explain", "fc1")
    #expect(run.status == 0)
    let facts = [
      "y = x·Wᵀ + b", "input.0            [2, 3]", "output.0           [2, 4]",
      "upstream output.0", "local weight", "downstream bias",
    ]
    for fact in facts { #expect(run.output.contains(fact), "\(fact) in \(run.output)") }
    #expect(!run.output.contains("fc2"), "only the layer that was asked for")
  }

  /// The place where both sides lie furthest apart is named.
  @Test func theMostDifferentElementIsNamed() throws {
    var draft = FixtureDraft.network()
    draft.change("layers/fc1/reference/grad_parameters/weight", at: 5, to: 100)
    let path = try folder.write(draft)
    let run = try CommandRun(path, "--explain", "fc1", "--json", "-")
    #expect(run.status == 1)
    let record = try #require(
      try run.records().first { $0["record"] as? String == "explanation" })
    let gradients = try #require(record["gradients"] as? [[String: Any]])
    let weight = try #require(
      gradients.first { $0["role"] as? String == "downstream" && $0["name"] as? String == "weight" }
    )
    #expect(weight["worst_index"] as? [Int] == [1, 2])
    let reference = try #require(weight["reference"] as? [String: Any])
    #expect(reference["max"] as? Double == 100 && reference["count"] as? Int == 12)
  }

  @Test func whatIsMissingIsNamed() throws {
    var draft = FixtureDraft.linear()
    draft["layers/fc/reference/grad_output"] = nil
    let run = try CommandRun(folder.write(draft), "--explain", "fc")
    #expect(run.output.contains("no gradients: the fixture lacks grad_output.0"))
  }
}
