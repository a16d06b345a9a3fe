import Testing

/// The command `conform`; that wrong layers are caught is tested with the kit itself.
@Suite struct ConformCommandTests {
  @Test func oneKindConforms() throws {
    let run = try CommandRun("conform", "ReLU")
    #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("ReLU ") && lines[0].contains("conforms"))
  }

  @Test func verboseShowsEveryCheck() throws {
    let run = try CommandRun("conform", "Add", "--verbose", "--threads", "1")
    #expect(run.status == 0, "\(run)")
    for check in ["adjoint", "bound-cancelling", "shape-refusal", "same-bits"] {
      #expect(run.output.contains("\n  \(check) "), "\(check)")
    }
  }

  @Test func oneCheckIsSelected() throws {
    let run = try CommandRun("conform", "ReLU", "--check", "adjoint", "--verbose")
    #expect(run.status == 0 && run.output.contains("1 checks"), "\(run)")
    #expect(!run.output.contains("shape-rule"))
  }

  @Test func checksAreListedWithTheirPromises() throws {
    let run = try CommandRun("conform", "--list-checks")
    #expect(run.status == 0 && run.output.contains("zero-upstream"), "\(run)")
  }

  @Test(
    arguments: [
      ["conform", "Relu"], ["conform", "--check", "adjoin"], ["conform", "--threads", "0"],
    ])
  func wrongUsageIs64(_ arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64 && run.output.isEmpty && !run.errors.isEmpty, "\(run)")
  }
}
