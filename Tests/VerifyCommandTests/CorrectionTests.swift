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

  /// Something between two layers was not recorded, so that no layer is wrong by itself.
  @Test func whatNoCorrectionExplainsStaysOff() throws {
    var draft = FixtureDraft.network(fault: 2)
    let other = FixtureDraft.network()
    for path in ["output", "grad_output", "grad_input", "grad_parameters/weight"] {
      draft["layers/fc2/reference/\(path)"] = other["layers/fc2/reference/\(path)"]
    }
    // fc2 was computed from other numbers than relu gave.
    draft["layers/fc2/reference/input"] = other["layers/relu/reference/output"]
    let records = try CommandRun(
      "check", "--fix", try folder.write(draft), "--json", "-"
    ).records()
    let output = try #require(
      corrected(records).first {
        $0["layer"] as? String == "fc2" && $0["tensor"] as? String == "output"
      })
    #expect(output["verdict"] as? String == "inherited")
    #expect((output["explained_by"] as? [String])?.isEmpty == true)
    #expect(try #require(records.summary?["unexplained_by_corrections"] as? Int) > 0)
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
