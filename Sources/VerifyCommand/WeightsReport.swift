import HDF5File
import Reports
import Text
import Weights

/// What `cnn-verify weights` says: lines for a person, and one JSON object a line where asked.
struct WeightsReport {
  private let showsText: Bool
  private let lines: StandardOutput?
  private let file: AtomicFile?
  private var warnings: [String] = []
  private var count = 0
  private var elements = 0
  private var largestRounding: Double?

  init(json: String?) throws {
    showsText = json != "-"
    lines = json == "-" ? StandardOutput() : nil
    file = try json.flatMap { $0 == "-" ? nil : try AtomicFile(path: $0) }
  }

  // MARK: What is found

  /// Tells what the file is.
  mutating func begin(_ listing: WeightListing, file: String) throws {
    let words = UntrustedText(listing.evidence).terminal
    try text("\(UntrustedText(file).terminal): \(listing.format), because \(words)")
    if let generation = listing.generation { try text("  " + UntrustedText(generation).terminal) }
    var record = JSONObject()
    record.add("record", "weights")
    record.add("schema", 1)
    record.add("version", VerifyCommand.version)
    record.add("file", file)
    record.add("format", listing.format)
    record.add("evidence", listing.evidence)
    record.add("generation", listing.generation)
    try json(record)
  }

  /// Tells one tensor that was read.
  mutating func show(_ tensor: WeightTensor, _ content: WeightContent) throws {
    count += 1
    elements += content.values.count
    let name = UntrustedText(tensor.name).terminal
    if content.invalid > 0 {
      warnings.append("`\(name)` has \(Figure.grouped(content.invalid)) NaN or infinite values")
    }
    if content.isAllZero {
      warnings.append(
        "`\(name)` is zero throughout (\(Figure.grouped(content.values.count)) values)")
    }
    if let rounding = content.largestRounding {
      largestRounding = max(largestRounding ?? 0, rounding)
    }
    var line = "  \(UntrustedText(tensor.source).terminal) → \(name)  "
    line += "\(Figure.tuple(tensor.stored.shape)) \(tensor.stored.type.name)"
    line += " → \(Figure.tuple(content.shape))"
    if content.dtype != tensor.stored.type.name { line += " \(content.dtype)" }
    let steps = ([tensor.conversion.words] + tensor.notes).filter { !$0.isEmpty }
    if !steps.isEmpty { line += "  [\(UntrustedText(steps.joined(separator: "; ")).terminal)]" }
    try text(line)
    if lines != nil || file != nil { try json(record(tensor, content)) }
  }

  private func record(_ tensor: WeightTensor, _ content: WeightContent) -> JSONObject {
    var record = head(tensor)
    record.add("shape", content.shape)
    record.add("dtype", content.dtype)
    record.add("stored_shape", tensor.stored.shape)
    record.add("stored_dtype", tensor.stored.type.name)
    record.add("permutation", tensor.conversion.permutation)
    record.add("flipped", tensor.conversion.flippedAxes)
    record.add("conversion", tensor.conversion.words)
    record.add("notes", tensor.notes)
    record.add("status", "loaded")
    record.add("sha256", content.sha256)
    return record
  }

  private func head(_ tensor: WeightTensor) -> JSONObject {
    var record = JSONObject()
    record.add("record", "tensor")
    record.add("source", tensor.source)
    record.add("layer", tensor.layer)
    record.add("parameter", tensor.parameter)
    record.add("role", tensor.role.rawValue)
    return record
  }

  // MARK: The end

  /// Tells what was assumed, what is unused, what is wrong, and how many tensors there are.
  mutating func end(
    _ listing: WeightListing, problems: [WeightProblem], exitStatus: Int32
  ) throws {
    if let largestRounding {
      warnings.append("rounding float64 to float32 changed numbers by at most \(largestRounding)")
    }
    for note in listing.assumptions { try tell("assumed", note) }
    for unused in listing.unused {
      let source = UntrustedText(unused.source).terminal
      try text("  unused: \(source) (\(UntrustedText(unused.reason).terminal))")
      var record = JSONObject()
      record.add("record", "unused")
      record.add("source", unused.source)
      record.add("reason", unused.reason)
      record.add("left_over", unused.isLeftOver)
      record.add("status", "unused")
      try json(record)
    }
    for warning in listing.warnings + warnings { try tell("warning", warning) }
    for problem in problems {
      try text("  problem: \(problem)")
      var record = JSONObject()
      record.add("record", "problem")
      record.add("source", problem.source)
      record.add("text", "\(problem)")
      record.add("status", "refused")
      try json(record)
    }
    try finish(listing, problems: problems.count, exitStatus)
  }

  private func finish(_ listing: WeightListing, problems: Int, _ exitStatus: Int32) throws {
    let tensors = count == 1 ? "1 tensor" : "\(Figure.grouped(count)) tensors"
    let layers = Set(listing.tensors.map(\.layer)).count
    var line = "\(tensors) of \(layers == 1 ? "1 layer" : "\(Figure.grouped(layers)) layers"), "
    line += "\(Figure.grouped(elements)) numbers"
    if problems > 0 { line += "; \(problems == 1 ? "1 problem" : "\(problems) problems")" }
    try text(line)
    var record = JSONObject()
    record.add("record", "summary")
    record.add("tensors", count)
    record.add("layers", layers)
    record.add("elements", elements)
    record.add("unused", listing.unused.count)
    record.add("problems", problems)
    record.add("exit", exitStatus)
    try json(record)
    try file?.commit()
  }

  // MARK: Sinks

  private func tell(_ kind: String, _ note: String) throws {
    try text("  \(kind): \(note)")
    var record = JSONObject()
    record.add("record", kind)
    record.add("text", note)
    try json(record)
  }

  private func text(_ line: String) throws {
    if showsText { try StandardOutput().write(line + "\n") }
  }

  private func json(_ record: JSONObject) throws {
    try lines?.write(record.text + "\n")
    try file?.write(record.text + "\n")
  }
}
