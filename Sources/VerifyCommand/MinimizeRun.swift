import Glibc
import HDF5File
import Interchange
import LayerKit
import Reports
import Tensors
import Text
import Verification

/// `cnn-verify check --minimize LAYER`: a differing layer as the smallest fixture of its own.
struct MinimizeRun {
  let fixture: String
  let layer: String
  /// The file to write; nil for one named after the layer.
  let output: String?
  let plugins: LoadedPlugins
  let options: VerificationOptions
  let reading: ReadOptions

  /// Searches, writes, tells what became smaller, and checks the new file like any other.
  ///
  /// Returns the exit status of that check; where there is nothing to write, that of the layer.
  func run(verbose: Bool, hashing: Bool, _ report: (Event) throws -> Void) throws -> Int32 {
    var options = options
    options.layers = [layer]
    var check = FixtureCheck(plugins: plugins, options: options, reading: reading)
    guard let source = try? Fixture(path: fixture, registry: plugins.registry, options: reading)
    else {
      // The ordinary check tells what is wrong with the file.
      try check.run(fixture, hashing: hashing, verbose: verbose, report)
      return try check.finish(report)
    }
    let place = output ?? Self.fileName(for: layer)
    let name = UntrustedText(layer).terminal
    let scratch = try WorkFolder()
    let minimizer = Minimizer(
      registry: plugins.registry, reading: reading, options: options, scratch: scratch("attempt.h5")
    )
    guard output != nil || access(place, F_OK) != 0 else {
      throw MinimizeError(text: "\(place) is there already: name another file with -o")
    }
    let outcome = try minimizer.minimize(layer, of: source) {
      try report(.progress($0))
      try Interruption.check()
    }
    guard case .minimal(let minimal) = outcome else {
      if case .bound(let reason) = outcome {
        throw MinimizeError(text: "`\(name)` cannot stand alone: \(reason)")
      }
      if case .agrees = outcome {
        try report(note("nothing to minimize: no tensor of `\(name)` differs"))
      }
      try check.run(fixture, hashing: hashing, verbose: verbose, report)
      return try check.finish(report)
    }
    try minimal.layer.write(to: place, provenance: try provenance(minimal, of: source))
    for line in lines(minimal, place) { try report(note(line)) }
    var recheck = FixtureCheck(plugins: plugins, options: self.options, reading: reading)
    try recheck.run(place, hashing: hashing, verbose: verbose, report)
    return try recheck.finish(report)
  }

  private func note(_ text: String) -> Event { .note(Warning(id: "minimize", text: text)) }

  // MARK: Telling

  private func lines(_ minimal: MinimalLayer, _ place: String) -> [String] {
    let (layer, before) = (minimal.layer, minimal.original)
    let tensor = UntrustedText(layer.targetPath).terminal
    var lines = [
      "\(UntrustedText(layer.name).terminal): \(tensor) differs, \(minimal.cause)"
    ]
    lines += minimal.steps.map { "  " + UntrustedText($0).terminal }
    if minimal.steps.isEmpty { lines.append("  nothing could be cut: the layer as it is") }
    for (path, old, new) in minimal.shapes where old != new {
      lines.append("  \(UntrustedText(path).terminal): \(old) → \(new)")
    }
    lines.append(
      "\(Figure.grouped(before.count)) numbers before, \(Figure.grouped(layer.count)) after, in "
        + UntrustedText(place).terminal + ":")
    return lines
  }

  /// Where the layer is from, for whoever gets the file alone.
  private func provenance(_ minimal: MinimalLayer, of source: Fixture) throws -> String {
    var object = JSONObject()
    object.add("tool", "cnn-verify \(VerifyCommand.version) check --minimize")
    object.add("fixture", source.path)
    object.add("sha256", try source.file.sha256())
    object.add("case", minimal.caseName)
    object.add("layer", minimal.layer.name)
    object.add("tensor", minimal.layer.targetPath)
    object.add("cause", minimal.cause)
    object.add("cuts", minimal.steps)
    object.add("original_provenance", source.cases.first?.provenance?.validated)
    return object.text
  }

  /// A name for a file, of letters and digits of the layer's name.
  static func fileName(for layer: String) -> String {
    let safe = layer.unicodeScalars.prefix(80).map { scalar -> Character in
      let isPlain =
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      return isPlain || scalar == "." || scalar == "_" ? Character(scalar) : "_"
    }
    return "minimal-" + String(safe) + ".h5"
  }
}

/// Why no smaller fixture was written.
struct MinimizeError: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}
