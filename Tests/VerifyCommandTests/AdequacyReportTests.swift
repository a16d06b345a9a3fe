import FixtureDrafts
import Testing

/// What a fixture cannot show, as the command tells it.
@Suite struct AdequacyReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func aLineSaysThatNotEverythingWouldShow() throws {
    let path = try folder.write(.linear())
    let run = try CommandRun(path)
    #expect(run.status == 0)
    #expect(run.output.contains("not every mistake would show here: two samples"), "\(run.output)")
    let layers = try CommandRun(path, "--json", "-").records().filter {
      $0["record"] as? String == "layer"
    }
    let spots = layers.first?["blind_spots"] as? [[String: Any]] ?? []
    #expect(spots.contains { $0["reason"] as? String == "two samples" })
  }

  @Test func theMistakesAreListedOnRequest() throws {
    let path = try folder.write(.linear())
    let run = try CommandRun(path, "--adequacy")
    #expect(run.status == 0)
    #expect(run.output.contains("known mistakes"), "\(run.output)")
    #expect(!run.output.contains("not every mistake would show here"))
    let records = try CommandRun(path, "--adequacy", "--json", "-").records()
    let adequacy = try #require(records.first { $0["record"] as? String == "adequacy" })
    let visible = adequacy["visible"] as? [String] ?? []
    let hidden = (adequacy["hidden"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    #expect(visible.contains("sign") && Set(visible).isDisjoint(with: hidden))
  }

  @Test func aLayerWithoutItsInputIsKnownNothingOf() throws {
    var draft = FixtureDraft.network()
    draft["layers/relu/reference/output"] = nil
    let run = try CommandRun(try folder.write(draft), "--adequacy")
    #expect(
      run.output.contains("fc2, Linear: nothing is known, the fixture lacks input.0"),
      "\(run.output)")
    #expect(run.output.contains("fc1, Linear: would show"))
  }
}
