import ArgumentParser
import Diagnosis
import Discrepancy
import HDF5File
import LayerKit
import Reports
import Tensors
import Text
import Verification

/// `cnn-verify demo`: a network with a planted mistake, found and named, without any file.
struct DemoCommand: LayerCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Plant a mistake in a small network, and see it found and named.",
    discussion: """
      A small network is computed as a framework would compute it, with one mistake in one \
      tensor, and written as a fixture. The ordinary check then looks for what it is not \
      told; the same fixture without the mistake must agree throughout.

      EXIT STATUS
        0   the mistake was found and named, and without it everything agrees
        1   it was not
        64  wrong usage
      """)

  @Option(
    help: ArgumentHelp("The mistake, by the id of its cause; see --list.", valueName: "id"))
  var bug = PlantedBug.all[0].id

  @Flag(help: "List the mistakes that can be planted.")
  var list = false

  @Option(
    help: ArgumentHelp("Keep the fixtures in this folder, which is made.", valueName: "folder"))
  var keep: String?

  func validate() throws {
    guard !list, planted == nil else { return }
    let closest = NearMiss.closest(to: bug, among: PlantedBug.all.map(\.id))
    let hint = closest.map { "; did you mean `\($0)`?" } ?? ": see --list"
    throw ValidationError("no mistake has the id `\(UntrustedText(bug).terminal)`\(hint)")
  }

  private var planted: PlantedBug? { PlantedBug.all.first { $0.id == bug } }

  func run(with registry: LayerRegistry) throws -> Int32 {
    guard !list, let bug = planted else {
      for bug in PlantedBug.all {
        try say(
          bug.id.padding(to: 26) + "\(bug.layer), \(bug.path)".padding(to: 32) + bug.written)
      }
      return 0
    }
    let folder = try WorkFolder(keep)
    let network = try DemoNetwork(registry)

    try say(
      """
      A network of \(DemoNetwork.layers.count) layers runs forward and backward on 3 images, as a \
      framework would, with one
      mistake. In \(bug.layer), \(bug.path) is computed as if someone had written
        \(bug.written)
      in the place of
        \(bug.right)
      What came of it is a fixture: inputs, weights, outputs, gradients. The check is not told more:

      $ cnn-verify \(folder("wrong.h5"))
      """)
    let command = "cnn-verify demo --bug \(bug.id)"
    try DemoFixture(network: network, pass: try network.pass(with: bug))
      .write(to: folder("wrong.h5"), command: command)
    let wrong = try check(folder("wrong.h5"), registry)

    try say(
      """

      Each row is a layer, fed what the reference itself recorded, so that a mistake stays in its
      row. `bound` is how far rounding can move a number there; beyond it, known mistakes are tried,
      and one is named only if it leads to the very numbers of the file. Now the same with the line
      put right:

      $ cnn-verify \(folder("right.h5"))
      """)
    try DemoFixture(network: network, pass: try network.pass())
      .write(to: folder("right.h5"), command: "\(command), corrected")
    let right = try check(folder("right.h5"), registry)

    let kept = keep.map { "The fixtures are in \(UntrustedText($0).terminal). " } ?? ""
    let problems = wrong.shortcomings(of: bug) + right.differences
    guard problems.isEmpty else {
      try say("\n\(kept)The demo did not do what it promises: \(problems.joined(separator: "; ")).")
      return 1
    }
    try say(
      "\n\(kept)Found in \(bug.layer), named \(bug.id), and gone once corrected. Your own network: "
        + "cnn-verify FIXTURE\n(--keep FOLDER keeps these two, --list shows other mistakes)")
    return 0
  }

  /// Writes at once, so that the text stands before the report that follows it.
  private func say(_ text: String) throws { try StandardOutput().write(text + "\n") }

  /// Runs the ordinary check, with its ordinary report.
  private func check(_ path: String, _ registry: LayerRegistry) throws -> DemoFindings {
    var findings = DemoFindings()
    var sinks = try ReportSinks(json: nil, detail: .normal)
    var check = FixtureCheck(
      plugins: LoadedPlugins(registry: registry), options: VerificationOptions(),
      reading: ReadOptions(threads: Parallel.threads))
    func receive(_ event: Event) throws {
      if case .layer(let layer) = event { findings.layers.append(layer) }
      try sinks.receive(event)
    }
    try check.run(path, hashing: false, verbose: false) { try receive($0) }
    findings.status = try check.finish { try receive($0) }
    try sinks.finish()
    return findings
  }
}

/// What the check of one of the demo's fixtures found.
struct DemoFindings {
  var layers: [LayerReport] = []
  var status: Int32 = 2

  /// The names of tensors that differ.
  var differences: [String] {
    let failing = layers.flatMap { layer in
      layer.tensors.filter { $0.verdict.isFailure }.map {
        "\($0.path) of \(layer.layer.name) differs"
      }
    }
    return failing.isEmpty && status != 0 ? ["the check ended with \(status)"] : failing
  }

  /// In what the findings fall short of naming a planted mistake, and that alone.
  func shortcomings(of bug: PlantedBug) -> [String] {
    let failing = layers.flatMap { layer in
      layer.tensors.filter { $0.verdict.isFailure }.map { (layer: layer.layer.name, tensor: $0) }
    }
    guard failing.count == 1, let (layer, tensor) = failing.first, layer == bug.layer,
      tensor.path == bug.path
    else {
      return ["\(bug.path) of \(bug.layer) is not the one tensor that differs"]
    }
    var problems: [String] = []
    if tensor.diagnosis?.headline?.id != bug.id { problems.append("`\(bug.id)` was not named") }
    if tensor.diagnosis?.arbitration?.blame != .reference {
      problems.append("the reference was not blamed")
    }
    if status != 1 { problems.append("the check ended with \(status)") }
    return problems
  }
}

extension String {
  /// The text followed by as many spaces as the width leaves, one at least.
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
