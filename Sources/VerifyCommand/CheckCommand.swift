public import ArgumentParser
import Glibc
import HDF5File
import Interchange
import LayerKit
import Reports
import Tensors
public import Verification

/// `cnn-verify check`: the main job.
struct CheckCommand: LayerCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Verify every layer of one or more fixtures.",
    discussion: """
      Each layer is fed the inputs and upstream gradients that the reference recorded, \
      so that one fault stays in one row. Where the layers form a network it is also run \
      as a whole; the column "chained" shows how far its results lie from the reference, \
      and informs only.
      """)

  @Argument(help: "The fixtures, HDF5 files.", completion: .file(extensions: ["h5", "hdf5"]))
  var fixtures: [String]

  @Option(
    name: .customLong("layer"),
    help: ArgumentHelp("Verify this layer only; may be repeated.", valueName: "name"))
  var layers: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Verify this layer only, and show its formula, its hyper-parameters, all shapes, and \
      the gradients through it on both sides; may be repeated.
      """, valueName: "name"))
  var explain: [String] = []

  @Flag(
    help: """
      Before each layer's verdict, list which known mistakes its tensors would show, and what \
      hides the others.
      """)
  var adequacy = false

  @Option(
    help: """
      Compute in float64, in float32, or in the format that each reference is stored in \
      (reference).
      """)
  var precision: VerificationOptions.Precision = .float64

  @Flag(inversion: .prefixedNo, help: "Also run the network as a whole.")
  var chained = true

  @Flag(
    inversion: .prefixedNo,
    help: "Look for the cause of each difference, and ask the definition who is wrong.")
  var diagnosis = true

  @Flag(
    help: """
      Run the network as a whole once more, with each tensor that differs by itself as the other \
      side has it, and tell which of the other differences this explains.
      """)
  var fix = false

  @Option(
    help: ArgumentHelp(
      """
      Write the smallest fixture in which this layer still differs for the same cause, for a \
      report, and verify that one instead.
      """, valueName: "name"))
  var minimize: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp(
      "Where --minimize writes; default minimal-<name>.h5.", valueName: "file"))
  var output: String?

  @OptionGroup var threads: ThreadOption

  @Option(
    help: ArgumentHelp(
      "Write the report as JSON lines to a file, or to standard output (-).",
      valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      """
      Write the elements of every tensor that differs to an HDF5 file: ours, the reference's, \
      and the bound. With --layer or --explain, of every tensor of these layers.
      """, valueName: "file"))
  var arrays: String?

  @Option(
    help: ArgumentHelp(
      "Compute with the weights of this file in the place of the fixture's own; see `weights`.",
      valueName: "file"))
  var weights: String?

  @OptionGroup(title: "Weights") var weightSource: WeightSourceOptions

  @OptionGroup(title: "Plug-ins") var plugins: PluginSelection

  @OptionGroup var limits: ReadingLimits

  @OptionGroup var detail: ReportDetail

  func validate() throws {
    if fixtures.isEmpty { throw ValidationError("name at least one fixture") }
    if let json, fixtures.contains(json) {
      throw ValidationError("--json \(json) would replace the fixture: choose another name")
    }
    if let json, json == weights {
      throw ValidationError("--json \(json) would replace the weights: choose another name")
    }
    if let arrays {
      if fixtures.count > 1 { throw ValidationError("--arrays takes the tensors of one fixture") }
      if (fixtures + [json, weights].compactMap { $0 }).contains(arrays) {
        throw ValidationError(
          "--arrays \(arrays) would replace a file of this run: choose another name")
      }
    }
    if weights == nil, weightSource.isGiven {
      throw ValidationError("--format, --map and the --keras1 options are about --weights")
    }
    if minimize != nil,
      fixtures.count > 1 || weights != nil || arrays != nil || !layers.isEmpty || !explain.isEmpty
    {
      throw ValidationError(
        "--minimize takes one fixture, and no --weights, --arrays, --layer or --explain")
    }
    if minimize != nil, !diagnosis {
      throw ValidationError("--minimize keeps the cause: leave out --no-diagnosis")
    }
    if fix, !diagnosis || !chained || !layers.isEmpty || !explain.isEmpty || minimize != nil {
      throw ValidationError(
        "--fix is about the whole network and its causes: leave out --no-chained, "
          + "--no-diagnosis, --layer, --explain and --minimize")
    }
    if output != nil, minimize == nil { throw ValidationError("-o is about --minimize") }
    if let output, fixtures.contains(output) || output == json {
      throw ValidationError("-o \(output) would replace another file: choose another name")
    }
  }

  func run(with registry: LayerRegistry) throws -> Int32 {
    threads.apply()
    Interruption.watch()
    var sinks = try ReportSinks(json: json, arrays: arrays, detail: detail.level)
    let reading = limits.reading()
    let substitution = weights.map {
      WeightSubstitution(path: $0, source: weightSource, reading: reading)
    }
    let loaded = plugins.load(into: registry)
    var check = FixtureCheck(
      plugins: loaded, options: options, reading: reading, weights: substitution,
      arrays: arrays)
    var interruption: Interrupted?
    do {
      try check.rejectPlugins { try sinks.receive($0) }
      if let minimize {
        let run = MinimizeRun(
          fixture: fixtures[0], layer: minimize, output: output, plugins: loaded,
          options: options, reading: reading)
        let status = try run.run(verbose: detail.verbose, hashing: json != nil) {
          try sinks.receive($0)
        }
        try sinks.finish()
        return loaded.problems.isEmpty ? status : 2
      }
      for path in fixtures {
        try check.run(path, hashing: json != nil, verbose: detail.verbose) { try sinks.receive($0) }
      }
    } catch let interrupted as Interrupted {
      check.interrupt()
      interruption = interrupted
    }
    let status = try check.finish { try sinks.receive($0) }
    try sinks.finish()
    return interruption?.exitStatus ?? status
  }

  private var options: VerificationOptions {
    VerificationOptions(
      precision: precision, layers: layers + explain, explained: explain, isChained: chained,
      isDiagnosed: diagnosis, tellsAdequacy: adequacy,
      arrays: arrays.map { _ in
        ArraySelection(
          includesAgreeing: !(layers + explain).isEmpty, budgetBytes: ArraysFile.largest)
      }, isCorrected: fix)
  }
}

extension VerificationOptions.Precision: ExpressibleByArgument {}
