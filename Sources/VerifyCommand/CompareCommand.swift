import ArgumentParser
import Discrepancy
import FileComparison
import Glibc
import HDF5File
import LayerKit
import Reports
import Tensors

/// `cnn-verify compare`: any two files, tensor by tensor.
struct CompareCommand: LayerCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two HDF5 files, tensor by tensor.",
    discussion: """
      Datasets are paired by their paths. Unless a limit is stated, numbers of one format must \
      have equal bits, and numbers of different formats may lie one rounding of the coarser \
      format apart; whole numbers, truth values and strings must be equal. NaN equals NaN only \
      with the same bits, or with --equal-nan; the report says how many there were. Another \
      shape or type differs. A dataset that only one file has is listed, and the exit status is 2.

      Of two fixtures, layers are paired by their names and each recorded result is judged by the \
      rounding bound of its layer, computed from the operands of the first file. Differences \
      that came in with the operands are taken into account, and shown as inherited. With a \
      stated limit, fixtures are compared like other files.

      A map renames paths of the first file, one pair `A-path B-path` a line, separated by a tab \
      or blanks; a pair of groups renames all that is in them. # begins a comment. Patterns match \
      paths of the first file: * stands for any characters, ? for one, and a group for all that \
      is in it.

      EXIT STATUS
        0   everything compared agrees, and something was compared
        1   something differs or is invalid
        2   something could not be compared
        64  wrong usage
      """)

  @Argument(help: "The first file.", completion: .file(extensions: ["h5", "hdf5"]))
  var a: String

  @Argument(help: "The second file.", completion: .file(extensions: ["h5", "hdf5"]))
  var b: String

  @Option(help: ArgumentHelp("Accept errors of so many units in the last place.", valueName: "n"))
  var ulp: Double?

  @Option(help: ArgumentHelp("Accept |A − B| ≤ atol + rtol·|B|.", valueName: "number"))
  var rtol: Double?

  @Option(help: ArgumentHelp("Accept |A − B| ≤ atol + rtol·|B|.", valueName: "number"))
  var atol: Double?

  @Flag(help: "Let NaN equal every NaN.")
  var equalNan = false

  @Option(help: ArgumentHelp("Read what paths are called in the second file.", valueName: "file"))
  var map: String?

  @Option(help: ArgumentHelp("Compare these paths only; may be repeated.", valueName: "pattern"))
  var only: [String] = []

  @Option(help: ArgumentHelp("Leave these paths out; may be repeated.", valueName: "pattern"))
  var ignore: [String] = []

  @OptionGroup var threads: ThreadOption

  @Option(
    help: ArgumentHelp(
      "Write the report as JSON lines to a file, or to standard output (-).",
      valueName: "file"))
  var json: String?

  @OptionGroup(title: "Plug-ins") var plugins: PluginSelection

  @OptionGroup var limits: ReadingLimits

  @OptionGroup var detail: ReportDetail

  func validate() throws {
    if let json, [a, b, map].contains(json) {
      throw ValidationError("--json \(json) would replace an input: choose another name")
    }
    if ulp != nil && (rtol != nil || atol != nil) {
      throw ValidationError("--ulp and --rtol or --atol exclude each other")
    }
    for (name, value) in [("--ulp", ulp), ("--rtol", rtol), ("--atol", atol)] {
      if let value, !(value >= 0 && value.isFinite) {
        throw ValidationError("\(name) takes a finite number that is not negative")
      }
    }
  }

  func run(with registry: LayerRegistry) throws -> Int32 {
    threads.apply()
    Interruption.watch()
    let names = try nameMap()
    var sinks = try ReportSinks(json: json, detail: detail.level)
    let loaded = plugins.load(into: registry)
    var check = PairCheck(
      registry: loaded.registry, reading: limits.reading(), statedLimit: limit,
      nanIsEqual: equalNan,
      selection: PathSelection(only: only, ignored: ignore), names: names)
    var interruption: Interrupted?
    do {
      try check.run(a, b, hashing: json != nil, verbose: detail.verbose) { try sinks.receive($0) }
      try check.report(on: loaded) { try sinks.receive($0) }
    } catch let interrupted as Interrupted {
      check.interrupt()
      interruption = interrupted
    }
    let status = try check.finish { try sinks.receive($0) }
    try sinks.finish()
    return interruption?.exitStatus ?? status
  }

  /// The limit that the user states; nil where it is to be derived.
  private var limit: StatedLimit? {
    if let ulp { return .ulps(ulp) }
    guard rtol != nil || atol != nil else { return nil }
    return .tolerance(relative: rtol ?? 0, absolute: atol ?? 0)
  }

  private func nameMap() throws -> NameMap {
    guard let map else { return NameMap() }
    guard let text = TextFile.content(of: map) else {
      throw ValidationError("cannot read the map \(map) as text of at most 16 MiB")
    }
    do throws(NameMapProblem) {
      return try NameMap(text)
    } catch {
      throw ValidationError("\(map): \(error)")
    }
  }
}

/// A small text that the user wrote.
private enum TextFile {
  private static let longest = 16 << 20

  /// The whole content, if it is a file of UTF-8 that is not too long.
  static func content(of path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= longest {
      let count = fread(&buffer, 1, buffer.count, file)
      guard count > 0 else {
        return ferror(file) == 0 ? String(validating: bytes, as: UTF8.self) : nil
      }
      bytes += buffer[..<count]
    }
    return nil
  }
}
