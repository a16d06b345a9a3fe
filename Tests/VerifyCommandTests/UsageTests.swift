import FixtureDrafts
import Testing

/// Arguments, and what they select.
@Suite struct UsageTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    arguments: [
      [], ["--colour", "net.h5"], ["net.h5", "--quiet", "--verbose"], ["net.h5", "--threads", "0"],
      ["net.h5", "--threads", "two"], ["net.h5", "--precision", "float128"],
      ["net.h5", "--max-bytes", "0"], ["layers", "Conv2"], ["layers", "Conv2d", "Linear"],
    ])
  func wrongUsageIs64(_ arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64 && run.output.isEmpty && !run.errors.isEmpty, "\(run)")
  }

  @Test(arguments: [["--help"], ["check", "--help"], ["layers", "--help"], ["--version"]])
  func askingIsZero(_ arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 0 && run.errors.isEmpty && !run.output.isEmpty, "\(run)")
  }

  @Test func helpTellsVerdictsStatusesAndExamples() throws {
    let lines = try CommandRun("--help").output.split(separator: "\n")
    let first = Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) })
    for word in [
      "agree", "warn", "differ", "invalid", "vacuous", "not-compared", "expected", "surprise", "0",
      "1", "2", "64", "cnn-verify", "check", "layers", "--version",
    ] {
      #expect(first.contains(word), "no line is about \(word)")
    }
  }

  @Test func oneLayerIsSelected() throws {
    let path = try folder.write(.network())
    let records = try CommandRun(path, "--layer", "fc2", "--layer", "relu", "--json", "-").records()
    #expect(records.layerVerdicts == ["fc2": "agree", "relu": "agree"])
    #expect(records.summary?["layers"] as? Int == 2 && records.summary?["exit"] as? Int == 0)
  }

  @Test func aFaultElsewhereIsNotSeenInTheSelection() throws {
    var draft = FixtureDraft.network()
    draft.change("layers/fc1/reference/grad_parameters/bias", at: 0, to: 99)
    let path = try folder.write(draft)
    #expect(try CommandRun(path).status == 1)
    #expect(try CommandRun(path, "--layer", "fc2").status == 0)
  }

  @Test func aLayerThatDoesNotExistIsTwoAndNamesTheClosest() throws {
    let path = try folder.write(.network())
    let run = try CommandRun(path, "--layer", "rleu")
    #expect(run.status == 2 && run.text.contains("`rleu`") && run.text.contains("`relu`"), "\(run)")
    // The others that were asked for are verified.
    let both = try CommandRun(path, "--layer", "rleu", "--layer", "fc2", "--json", "-")
    #expect(try both.status == 2 && both.records().layerVerdicts == ["fc2": "agree"])
  }

  @Test func oneDamagedFixtureDoesNotStopTheOthers() throws {
    let first = try folder.write(.network(), "a.h5")
    let last = try folder.write(.linear(), "c.h5")
    let absent = folder("b.h5")
    let run = try CommandRun(first, absent, last, "--json", "-")
    #expect(run.status == 2)
    let records = try run.records()
    #expect(
      records.layerVerdicts
        == ["fc1": "agree", "relu": "agree", "fc2": "agree", "loss": "agree", "fc": "agree"])
    let errors = records.filter { $0["record"] as? String == "error" }
    #expect(errors.count == 1 && errors.first?["fixture"] as? String == absent)
    #expect(records.summary?["fixtures"] as? Int == 3)
  }

  @Test func twoBeforeOne() throws {
    var differing = FixtureDraft.linear()
    differing.change("layers/fc/reference/output", at: 0, to: 99)
    var empty = FixtureDraft()
    empty.addReLU("relu")
    for name in ["output", "grad_input"] { empty["layers/relu/reference/\(name)"] = nil }
    let (a, b) = (try folder.write(differing, "a.h5"), try folder.write(empty, "b.h5"))
    #expect(try CommandRun(a).status == 1)
    // Nothing at all was compared in the second one.
    #expect(try CommandRun(a, b).status == 2)
    #expect(try CommandRun(b, a).status == 2)
  }

  @Test func quietTellsOnlyTheResult() throws {
    let run = try CommandRun(try folder.write(.network()), "--quiet")
    #expect(run.status == 0 && run.output.split(separator: "\n").count == 1, "\(run)")
  }

  @Test func coloursAreForTerminalsAndCanBeSwitchedOff() throws {
    let path = try folder.write(.network())
    let terminal = ["TERM": "xterm"]
    #expect(try TerminalRun(path, environment: terminal).output.contains("\u{1B}["))
    for setting in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
      let run = try TerminalRun(path, environment: terminal.merging(setting) { $1 })
      #expect(run.output.contains("agree") && !run.output.contains("\u{1B}"), "\(run.output)")
    }
  }

  @Test func noColoursWhereThereIsNoTerminal() throws {
    let path = try folder.write(.network())
    for environment in [[:], ["NO_COLOR": "1"], ["TERM": "xterm-256color"]] {
      let run = try CommandRun(path, environment: environment)
      #expect(run.status == 0 && !run.text.contains("\u{1B}"))
    }
  }

  @Test func thePrecisionIsChosen() throws {
    let path = try folder.write(.network())
    for precision in ["float64", "float32", "reference"] {
      #expect(try CommandRun(path, "--precision", precision).status == 0)
    }
  }

  @Test func layersAreListed() throws {
    let run = try CommandRun("layers")
    #expect(run.status == 0)
    let kinds = run.output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
    for kind in ["Conv2d", "Linear", "MaxPool2d", "BatchNorm2d", "CrossEntropyLoss", "Add"] {
      #expect(kinds.contains { $0 == kind }, "\(kind)")
    }
    #expect(kinds == kinds.sorted())
  }

  @Test func oneKindIsShownInFull() throws {
    let run = try CommandRun("layers", "Conv2d")
    #expect(run.status == 0 && run.output.contains("weight, [bias]"), "\(run)")
    let wrong = try CommandRun("layers", "Conv2")
    #expect(wrong.errors.contains("did you mean `Conv2d`?"))
  }
}
