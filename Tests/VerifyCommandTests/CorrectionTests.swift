import FixtureDrafts
import Testing

/// `check --fix`: what differs by itself is corrected, and what then agrees was its echo.
@Suite struct CorrectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func demo(_ bug: String) throws -> [[String: Any]] {
    let made = try CommandRun("demo", "--bug", bug, "--keep", folder("kept"))
    #expect(made.status == 0, "\(made)")
    let run = try CommandRun("check", "--fix", folder("kept/wrong.h5"), "--json", "-")
    // The corrections inform; the verdict is that of the fixture as it is.
    #expect(run.status == 1, "\(run)")
    return try run.records()
  }

  private func corrected(_ records: [[String: Any]]) -> [[String: Any]] {
    records.filter { $0["mode"] as? String == "corrected" }
  }

  @Test func aWrongOutputExplainsEverythingBehindIt() throws {
    let records = try demo("bias-omitted")
    let correction = try #require(records.first { $0["record"] as? String == "correction" })
    #expect(
      correction["layer"] as? String == "conv1" && correction["tensor"] as? String == "output")
    #expect(correction["means"] as? String == "replayed" && correction["agrees"] as? Bool == true)

    let rows = corrected(records)
    // Every tensor of every other layer: outputs of seven, six input gradients and those of conv2's
    // and fc's parameters; and of conv1 those of its parameters.
    #expect(rows.count >= 18, "\(rows)")
    for row in rows {
      #expect(row["verdict"] as? String == "agree", "\(row)")
      #expect(row["explained_by"] as? [String] == ["conv1: bias-omitted"])
      let (before, after) = (row["max_abs_before"] as? Double, row["max_abs"] as? Double)
      #expect(try #require(after) < 1e-3 * #require(before), "\(row)")
    }
    #expect(records.summary?["corrections"] as? Int == 1)
    #expect(records.summary?["explained_by_corrections"] as? Int == rows.count)
    #expect(records.summary?["unexplained_by_corrections"] as? Int == 0)
  }

  @Test func aWrongGradientExplainsThoseOfEarlierLayersAlone() throws {
    let rows = corrected(try demo("stride-ignored"))
    let names = rows.map { "\($0["layer"] ?? "") \($0["tensor"] ?? "")" }
    #expect(
      Set(names) == [
        "pool grad_input", "relu1 grad_input", "conv1 grad_parameters/weight",
        "conv1 grad_parameters/bias",
      ])
    #expect(rows.allSatisfy { $0["explained_by"] as? [String] == ["conv2: stride-ignored"] })
  }

  @Test func aWrongParameterGradientHasNoEcho() throws {
    let records = try demo("kernel-rotated-180")
    #expect(corrected(records).isEmpty)
    #expect(records.summary?["corrections"] as? Int == 1)
  }

  @Test func whatNoCauseExplainsIsReplacedByTheRecordAndSaysSo() throws {
    let path = try folder.write(.network(fault: 2))
    let run = try CommandRun("check", "--fix", path)
    #expect(run.output.contains("fc1 output: unidentified, the recorded numbers put in"), "\(run)")
    let records = try CommandRun("check", "--fix", path, "--json", "-").records()
    let correction = try #require(records.first { $0["record"] as? String == "correction" })
    #expect(correction["means"] as? String == "recorded")
    let rows = corrected(records)
    #expect(
      rows.contains { $0["layer"] as? String == "fc2" && $0["tensor"] as? String == "output" })
    #expect(rows.allSatisfy { $0["explained_by"] as? [String] == ["fc1: unidentified"] })
  }

  /// A network whose layer `fc2` was computed from other numbers than `relu` gave.
  private func torn(_ first: FixtureDraft, _ second: FixtureDraft) -> FixtureDraft {
    var draft = first
    for path in ["output", "grad_output", "grad_input", "grad_parameters/weight"] {
      draft["layers/fc2/reference/\(path)"] = second["layers/fc2/reference/\(path)"]
    }
    draft["layers/fc2/reference/input"] = second["layers/relu/reference/output"]
    return draft
  }

  private func output(
    _ layer: String, of draft: FixtureDraft
  ) throws -> (row: [String: Any], summary: [String: Any]) {
    let run = try CommandRun("check", "--fix", try folder.write(draft), "--json", "-")
    let records = try run.records()
    let row = corrected(records).first {
      $0["layer"] as? String == layer && $0["tensor"] as? String == "output"
    }
    return (try #require(row), try #require(records.summary))
  }

  /// Something between two layers was not recorded, which a wrong gradient elsewhere does not explain.
  @Test func whatNoCorrectionExplainsStaysOff() throws {
    var draft = torn(.network(), .network(fault: 2))
    let bias = "layers/fc1/reference/grad_parameters/bias"
    draft.change(bias, at: 2, to: try #require(draft[bias]).elements[2] + 0.5)
    let (row, summary) = try output("fc2", of: draft)
    #expect(row["verdict"] as? String == "inherited")
    #expect((row["explained_by"] as? [String])?.isEmpty == true)
    #expect(try #require(summary["unexplained_by_corrections"] as? Int) > 0)
  }

  /// The wrong output was recorded, and the reference went on with the right one.
  @Test func whatAgreesOnlyWithoutTheCorrectionIsNoEcho() throws {
    let (row, summary) = try output("fc2", of: torn(.network(fault: 2), .network()))
    #expect((row["explained_by"] as? [String])?.isEmpty == true)
    #expect(try #require(summary["put_off_by_corrections"] as? Int) > 0)
    #expect(try CommandRun("check", "--fix", folder("net.h5")).output.contains("did not go on"))
  }

  @Test func aFixtureThatAgreesHasNothingToCorrect() throws {
    let run = try CommandRun("check", "--fix", try folder.write(.network()))
    #expect(run.status == 0 && run.output.contains("nothing to correct"), "\(run)")
  }

  @Test(arguments: ["--no-chained", "--no-diagnosis"])
  func whatTheCorrectionNeedsCannotBeLeftOut(_ option: String) throws {
    let run = try CommandRun("check", "--fix", option, try folder.write(.network()))
    #expect(run.status == 64, "\(run)")
  }
}
