import ArgumentParser
import HDF5File
import LayerKit
import Reports
import Text
import Weights

/// `cnn-verify weights`: what a weight file of another tool holds, and the same as a fixture.
struct WeightsCommand: LayerCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "List the weights in a file of another tool, or convert them.",
    discussion: """
      The format is found out from the content: safetensors, .npz, .keras, HDF5 of Keras, PyTorch, \
      Caffe, Chainer, nnabla and of this toolkit. Every tensor is listed with the layer and \
      parameter it becomes, and with what is done to its axes; nothing is decided from a \
      shape alone. A wrong guess is corrected with a mapping file:

        cnn-verify weights model.npz --write-map map.json
        cnn-verify weights model.npz --map map.json --convert weights.h5

      EXIT STATUS
        0   every tensor can be used
        2   something cannot be used
        64  wrong usage
      """)

  @Argument(help: "The weight file.", completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "Write the tensors to an HDF5 file in the layout of fixtures.", valueName: "file"))
  var convert: String?

  @Option(
    help: ArgumentHelp(
      "Write one JSON object a line to a file, or to standard output (-).", valueName: "file"))
  var json: String?

  @OptionGroup var source: WeightSourceOptions

  @Option(
    help: ArgumentHelp(
      "Write a mapping file of what was found, for correction.", valueName: "file"))
  var writeMap: String?

  @Option(name: .customLong("as"), help: "Round float64 to this format: float32.")
  var format: Precision?

  @Flag(help: "Exit with status 2 where a tensor is left over.")
  var strict = false

  @OptionGroup var limits: ReadingLimits

  /// What `--as` takes.
  enum Precision: String, ExpressibleByArgument, CaseIterable {
    case float32
  }

  func validate() throws {
    for (option, path) in [("--convert", convert), ("--json", json), ("--write-map", writeMap)] {
      guard let path, path == file || path == source.map else { continue }
      throw ValidationError("\(option) \(path) would replace what is read: choose another name")
    }
  }

  func run(with registry: LayerRegistry) throws -> Int32 {
    let opened = try WeightFile(path: file, reading: limits.reading())
    let listing = try source.listing(of: opened)
    var report = try WeightsReport(json: json)
    try report.begin(listing, file: file)
    var problems = listing.problems
    do {
      if let convert {
        let layout = try FixtureLayout(listing, file: file)
        try layout.write(to: convert) { try examine($0, &report, &problems) }
      } else {
        for tensor in listing.tensors where tensor.problem == nil {
          _ = try? examine(tensor, &report, &problems)
        }
      }
    } catch is WeightProblem {
      // It is among the problems already, and no file was written.
    }
    try opened.verifyUnchanged()
    if let writeMap { try Self.write(WeightMap(listing).text, to: writeMap) }
    let leftOver = listing.unused.filter(\.isLeftOver)
    let isRefused = !problems.isEmpty || (strict && !leftOver.isEmpty)
    try report.end(listing, problems: problems, exitStatus: isRefused ? 2 : 0)
    return isRefused ? 2 : 0
  }

  /// Reads one tensor and tells what it is; what cannot be read becomes a problem.
  private func examine(
    _ tensor: WeightTensor, _ report: inout WeightsReport, _ problems: inout [WeightProblem]
  ) throws -> WeightContent {
    let content: WeightContent
    do throws(WeightProblem) {
      content = try WeightContent(tensor, asFloat32: format == .float32)
    } catch {
      problems.append(error)
      throw error
    }
    try report.show(tensor, content)
    return content
  }

  private static func write(_ text: String, to path: String) throws {
    let file = try AtomicFile(path: path)
    try file.write(text)
    try file.commit()
  }
}
