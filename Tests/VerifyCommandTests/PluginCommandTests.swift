import FixtureDrafts
import Glibc
import Testing

/// The command with shared libraries: what breaks down is named, and everything else is verified.
@Suite struct PluginCommandTests {
  /// A layer of each kind of the plug-in, all of them right, between two standard ones.
  private static var fixture: FixtureDraft {
    var draft = FixtureDraft.linear()
    for (name, kind) in [("broken", "acme.Bad"), ("whole", "acme.Scale")] {
      draft.add(kind, name, ["s": .real(2)])
      let path = "layers/\(name)/reference"
      draft["\(path)/input"] = DraftTensor([1, -2, 3, -4], [4])
      draft["\(path)/output"] = DraftTensor([2, -4, 6, -8], [4])
      draft["\(path)/grad_output"] = DraftTensor([5, 6, 7, 8], [4])
      draft["\(path)/grad_input"] = DraftTensor([10, 12, 14, 16], [4])
    }
    draft.addReLU("relu")
    return draft
  }

  private func check(
    _ plugins: [BuiltPlugin], _ draft: FixtureDraft = Self.fixture, _ more: String...
  ) throws -> CommandRun {
    let folder = try TemporaryFolder()
    let path = try folder.write(draft)
    return try withExtendedLifetime(folder) {
      try CommandRun(
        [path, "--plugin-timeout", "2"] + plugins.flatMap { ["--plugin", $0.path] } + more)
    }
  }

  @Test func `the kinds of a plug-in are verified like others`() throws {
    let run = try check([try BuiltPlugin()], Self.fixture, "--json", "-")
    #expect(run.status == 0, "\(run.text)")
    #expect(
      try run.records().layerVerdicts
        == ["fc": "agree", "broken": "agree", "whole": "agree", "relu": "agree"])
    for precision in ["float32", "reference"] {
      #expect(
        try check([try BuiltPlugin()], Self.fixture, "--precision", precision).status == 0)
    }
  }

  @Test(
    arguments: [
      (
        ["IN_FORWARD": "*(volatile int *)0 = 1;"],
        "crashed (signal 11, segmentation fault) in `forward`"
      ),
      (["IN_FORWARD": "exit(0);"], "ended its process (status 0) in `forward`"),
      (["IN_FORWARD": "for (;;) {}"], "did not return within 2 s in `forward`"),
      (["IN_CREATE": "abort();"], "crashed (signal 6, abort) in `create`"),
      (["IN_INFER": "abort();"], "crashed (signal 6, abort) in `infer`"),
      (["IN_BOUND": "abort();"], "crashed (signal 6, abort) in `bound`"),
      (["AFTER_FORWARD": "to[count] = 0;"], "wrote beyond the end of `output` in `forward`"),
      (
        ["AFTER_FORWARD": "return host->fail(host, \"\\x1b[2J::error::\");"],
        "failed in `forward`: \\u{1b}[2J::error::"
      ),
      (
        ["IN_INFER": "int64_t shape[] = {4}; return host->add_output(host, 1, shape);"],
        "named an output of 4 samples for inputs of 5 in `infer`"
      ),
    ] as [([String: String], String)])
  func `a layer that breaks down leaves the others their verdicts`(
    places: [String: String], words: String
  ) throws {
    let run = try check([try BuiltPlugin(places)], Self.fixture, "--json", "-")
    #expect(run.status == 2)
    let verdicts = try run.records().layerVerdicts
    #expect(verdicts["broken"] == "not-compared")
    #expect(
      verdicts["fc"] == "agree" && verdicts["whole"] == "agree" && verdicts["relu"] == "agree")
    let terminal = try check([try BuiltPlugin(places)])
    #expect(terminal.status == 2)
    let lines = terminal.output.split(separator: "\n").filter { $0.contains(words) }
    #expect(!lines.isEmpty, "\(terminal.text)")
    #expect(lines.allSatisfy { $0.contains("`acme.Bad` of `libacme.so`") })
    #expect(!terminal.output.contains("\u{1b}[2J"))
  }

  @Test func `a crash in backward leaves the output its verdict`() throws {
    let run = try check([try BuiltPlugin(["IN_BACKWARD": "abort();"])], Self.fixture, "--json", "-")
    #expect(run.status == 2)
    let records = try run.records()
    #expect(try records.tensor("output", of: "broken")["verdict"] as? String == "agree")
    let gradient = try records.tensor("grad_input", of: "broken")
    #expect(gradient["verdict"] as? String == "not-compared")
  }

  @Test func `numbers that are wrong are verdicts`() throws {
    let nan = try check(
      [try BuiltPlugin(["AFTER_FORWARD": "to[1] = NAN;"])], Self.fixture, "--json", "-")
    #expect(nan.status == 1)
    #expect(try nan.records().layerVerdicts["broken"] == "invalid")
    let off = try check(
      [try BuiltPlugin(["AFTER_FORWARD": "to[1] += 1e-9;"])], Self.fixture.double, "--json", "-")
    #expect(off.status == 1)
    #expect(try off.records().layerVerdicts["broken"] == "differ")
  }

  @Test func `without a bound agreement is a warning, and a fault is still seen`() throws {
    let mute = "bad.bound = NULL;"
    let right = try check([try BuiltPlugin(["IN_TYPE": mute])], Self.fixture, "--json", "-")
    #expect(right.status == 0)
    #expect(try right.records().layerVerdicts["broken"] == "warn")
    let wrong = try check(
      [try BuiltPlugin(["IN_TYPE": mute, "AFTER_FORWARD": "to[1] += 1e-4;"])], Self.fixture,
      "--json",
      "-")
    #expect(wrong.status == 1)
    #expect(try wrong.records().layerVerdicts["broken"] == "differ")
  }

  @Test func `two libraries with one kind are both refused`() throws {
    let (first, second) = (try BuiltPlugin(), try BuiltPlugin(name: "other"))
    let run = try check([first, second])
    #expect(run.status == 2)
    let line = try #require(
      run.output.split(separator: "\n").first { $0.contains("registered by both") })
    #expect(line.contains("libacme.so") && line.contains("libother.so"))
    let verdicts = try check([first, second], Self.fixture, "--json", "-").records().layerVerdicts
    #expect(
      verdicts == [
        "fc": "agree", "broken": "not-compared", "whole": "not-compared", "relu": "agree",
      ])
  }

  @Test func `a library that cannot be used leaves the standard kinds`() throws {
    let plugin = try BuiltPlugin(["IN_TABLE": "plugin.magic = 7;"])
    let run = try check([plugin], .linear(), "--json", "-")
    #expect(run.status == 2)
    #expect(try run.records().layerVerdicts == ["fc": "agree"])
    let listed = try CommandRun("layers", "--plugin", plugin.path)
    #expect(listed.status == 2)
    #expect(listed.output.contains("Conv2d"))
    #expect(listed.errors.split(separator: "\n").count == 1)
    #expect(listed.errors.contains("libacme.so: the plug-in gives no table of a plug-in"))
  }

  @Test func `warnings of a plug-in stand in the report`() throws {
    let plugin = try BuiltPlugin(["IN_FORWARD": "_mm_setcsr(_mm_getcsr() | 0x8040);"])
    let run = try check([plugin], Self.fixture, "--json", "-")
    #expect(run.status == 0)
    let warnings = try run.records().filter { $0["record"] as? String == "warning" }
    #expect(warnings.map { $0["id"] as? String } == ["plugin-subnormals"])
  }

  @Test func `the kinds of a plug-in are listed and held to their promises`() throws {
    let plugin = try BuiltPlugin()
    let listed = try CommandRun("layers", "acme.Scale", "--plugin", plugin.path)
    #expect(listed.status == 0)
    #expect(listed.output.contains("acme.Scale  (\(plugin.path))"))
    let conform = try CommandRun("conform", "acme.Scale", "acme.Bad", "--plugin", plugin.path)
    #expect(conform.status == 0, "\(conform.text)")
    let broken = try BuiltPlugin(["IN_FORWARD": "abort();"])
    let result = try CommandRun("conform", "acme.Scale", "acme.Bad", "--plugin", broken.path)
    #expect(result.status == 1)
    #expect(result.output.contains("crashed (signal 6, abort) in `forward`"))
    #expect(result.output.contains("acme.Scale                conforms"))
  }

  @Test func `usage is checked`() throws {
    let plugin = try BuiltPlugin()
    #expect(try CommandRun("layers", "--plugin-timeout", "0").status == 64)
    #expect(
      try CommandRun("layers", "--plugin", plugin.path, "--plugin", plugin.path).status == 64)
  }

  @Test func `a relative path is meant from the current folder`() throws {
    let plugin = try BuiltPlugin()
    let folder = try #require(realpath(".", nil))
    defer { free(folder) }
    let here = String(cString: folder)
    let up = here.split(separator: "/").map { _ in "../" }.joined()
    let relative = up + plugin.path.dropFirst()
    let listed = try CommandRun("layers", "acme.Scale", "--plugin", relative)
    #expect(listed.status == 0, "\(listed.text)")
    // The path that was loaded is whole.
    #expect(listed.output.contains("acme.Scale  (/"))
    #expect(listed.output.contains("/libacme.so)"))
    #expect(try CommandRun("layers", "--plugin", plugin.path, "--plugin", relative).status == 64)
    let missing = try CommandRun("layers", "--plugin", "libz.so.1")
    #expect(missing.status == 2)
    #expect(missing.errors.contains("\(here)/libz.so.1: the plug-in cannot be opened"))
  }
}
