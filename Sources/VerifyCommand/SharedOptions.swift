import ArgumentParser
import HDF5File
import Reports
import Tensors

/// How many threads a command uses.
struct ThreadOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Use at most this many threads; the results are the same for any number.",
      valueName: "number"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads takes 1 or more") }
  }

  /// Lets all parallel loops of the process use so many.
  func apply() {
    if let threads { Parallel.threads = threads }
  }
}

/// Under which conditions a command reads files of strangers.
struct ReadingLimits: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Refuse files whose tensors take more bytes than this, all files of a run together.",
      valueName: "bytes"))
  var maxBytes: Int?

  @Flag(help: "Refuse to read HDF5 files where the system lacks a means to confine the reader.")
  var requireSandbox = false

  func validate() throws {
    if let maxBytes, maxBytes < 1 { throw ValidationError("--max-bytes takes 1 or more") }
  }

  /// A new account of these bytes, for all files of a run together.
  func reading() -> ReadOptions {
    guard let maxBytes else {
      return ReadOptions(requireSandbox: requireSandbox, threads: Parallel.threads)
    }
    return ReadOptions(
      budgetBytes: maxBytes, requireSandbox: requireSandbox, threads: Parallel.threads)
  }
}

/// What a report on tensors shows at the terminal.
struct ReportDetail: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Show only what does not agree, and the last line.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Show every tensor, and what of a file is ignored.")
  var verbose = false

  func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }

  /// The same for the report.
  var level: ReportSinks.Detail { quiet ? .quiet : verbose ? .verbose : .normal }
}
