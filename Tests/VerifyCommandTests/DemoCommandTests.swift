import FixtureDrafts
import Foundation
import Testing

/// The demo plants a mistake, and the check that is not told must name it.
@Suite struct DemoCommandTests {
  @Test(arguments: [
    "kernel-rotated-180", "stride-ignored", "bias-omitted", "relu-mask-from-upstream",
    "accumulated-twice", "batch-one-sample-only",
  ])
  func everyPlantedMistakeIsFoundAndNamed(_ id: String) throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun("demo", "--bug", id, "--keep", folder("kept"))
    #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
    #expect(run.output.contains(": \(id)\n"), "\(run.output)")

    // The command as anybody would run it on the files agrees with what the demo tells.
    let records = try CommandRun(folder("kept/wrong.h5"), "--json", "-").records()
    let failing = records.filter {
      $0["mode"] as? String == "isolated" && $0["verdict"] as? String == "differ"
    }
    #expect(failing.map { $0["cause"] as? String } == [id])
    #expect(failing.map { $0["blame"] as? String } == ["reference"])
    #expect(try CommandRun(folder("kept/right.h5")).status == 0)
  }

  @Test func theTextStandsAroundTheTwoReports() throws {
    let run = try CommandRun("demo")
    let parts = ["as a framework would", "✗ 8 layers", "put right", "✓ 8 layers", "Found in conv2"]
    let places = parts.map { run.output.range(of: $0)?.lowerBound }
    #expect(!places.contains(nil) && places.compactMap { $0 }.sorted() == places, "\(run.output)")
  }

  @Test func theListIsOfWhatCanBePlanted() throws {
    let list = try CommandRun("demo", "--list")
    #expect(list.status == 0)
    let ids = list.output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
    #expect(ids.count == 6 && Set(ids).count == 6 && ids.contains("stride-ignored"))
  }

  @Test func anUnknownMistakeIsWrongUsage() throws {
    let run = try CommandRun("demo", "--bug", "stride-ignore")
    #expect(run.status == 64 && run.errors.contains("did you mean `stride-ignored`?"), "\(run)")
  }
}
