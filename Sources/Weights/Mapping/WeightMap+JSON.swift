import Text

extension WeightMap {
  /// The value of `format` in a mapping file.
  static let format = "cnn-weights-map"

  private static let rootKeys = ["format", "format_version", "tensors"]
  private static let entryKeys = [
    "source", "layer", "parameter", "role", "reverse_axes", "reshape", "permute", "flip", "scale",
    "final_reshape",
  ]

  // MARK: Reading

  /// Longest mapping file.
  private static let longest = 64 << 20

  /// Reads a mapping file, or tells everything that is wrong with it.
  public init(path: String) throws(WeightError) {
    let file = try WeightFile(path: path)
    guard file.size <= Self.longest else {
      throw WeightError(file: path, .tooLarge(bytes: file.size, limit: Self.longest))
    }
    try self.init(text: file.bytes(0..<file.size), path: path)
  }

  /// Reads the text of a mapping file; `path` is what messages call it.
  public init(text: [UInt8], path: String) throws(WeightError) {
    let root: JSONValue
    do throws(JSONFault) {
      root = try JSONValue(text)
    } catch {
      throw WeightError(
        file: path, .malformed("it is no JSON (byte \(error.offset): \(error.what))"))
    }
    var problems: [WeightProblem] = []
    for member in root.members ?? [] where !Self.rootKeys.contains(member.key) {
      problems.append(Self.unknown(member.key, among: Self.rootKeys, at: nil))
    }
    if root["format"]?.text != Self.format {
      problems.append(WeightProblem(.malformed("its `format` is not \"\(Self.format)\"")))
    }
    if root["format_version"]?.text?.utf8.starts(with: "1.".utf8) != true {
      problems.append(WeightProblem(.malformed("its `format_version` is not \"1.0\"")))
    }
    guard let tensors = root["tensors"]?.elements else {
      problems.append(WeightProblem(.malformed("it has no list `tensors`")))
      throw WeightError(file: path, problems: problems)
    }
    var entries: [Entry] = []
    for (index, value) in tensors.enumerated() {
      var reader = EntryReader(value, place: "tensors[\(index)]")
      if let entry = reader.entry() { entries.append(entry) }
      problems += reader.problems
    }
    guard problems.isEmpty else { throw WeightError(file: path, problems: problems) }
    self.init(entries: entries)
  }

  private static func unknown(_ key: String, among keys: [String], at place: String?)
    -> WeightProblem
  {
    WeightProblem(
      source: place, .unknownKey(key, closest: NearMiss.closest(to: key, among: keys)))
  }

  /// Reads one entry and gathers what is wrong with it.
  private struct EntryReader {
    private let value: JSONValue
    private let place: String
    private(set) var problems: [WeightProblem] = []

    init(_ value: JSONValue, place: String) {
      self.value = value
      self.place = place
      if value.members == nil { report("it is no object") }
      for member in value.members ?? [] where !entryKeys.contains(member.key) {
        problems.append(unknown(member.key, among: entryKeys, at: place))
      }
    }

    private mutating func report(_ what: String) {
      problems.append(WeightProblem(source: place, .malformed(what)))
    }

    mutating func entry() -> Entry? {
      let source = text("source")
      let layer = text("layer")
      let parameter = text("parameter")
      let role = role()
      let conversion = Conversion(
        reversesAxes: optional("reverse_axes", "true or false") { $0.boolean } ?? false,
        reshape: optional("reshape", "a list of whole numbers") { $0.integers },
        permutation: optional("permute", "a list of whole numbers") { $0.integers },
        flippedAxes: optional("flip", "a list of whole numbers") { $0.integers } ?? [],
        scale: optional("scale", "a number") { $0.real }, final: final())
      guard let source, let layer, let parameter, problems.isEmpty else { return nil }
      return Entry(
        source: source, layer: layer, parameter: parameter, role: role, conversion: conversion)
    }

    private mutating func text(_ key: String) -> String? {
      guard let text = value[key]?.text, !text.isEmpty || key == "layer" else {
        report("it needs the string `\(key)`")
        return nil
      }
      return text
    }

    private mutating func optional<Value>(
      _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) -> Value? {
      guard let found = value[key] else { return nil }
      guard let result = read(found) else {
        report("`\(key)` is not \(expected)")
        return nil
      }
      return result
    }

    private mutating func role() -> WeightTensor.Role {
      optional("role", "\"parameter\" or \"buffer\"") {
        $0.text.flatMap(WeightTensor.Role.init)
      } ?? .parameter
    }

    /// `true` takes the shape from a network; a list is a shape.
    private mutating func final() -> Conversion.Final? {
      guard let found = value["final_reshape"] else { return nil }
      if let shape = found.integers { return .shape(shape) }
      guard let isWanted = found.boolean else {
        report("`final_reshape` is not true, false or a shape")
        return nil
      }
      return isWanted ? .target : nil
    }
  }

  // MARK: Writing

  /// The text of the mapping file, one tensor a line.
  public var text: String {
    let lines = entries.map { "  " + $0.text }.joined(separator: ",\n")
    return """
      {"format": "\(Self.format)", "format_version": "1.0", "tensors": [
      \(lines)
      ]}

      """
  }
}

extension WeightMap.Entry {
  fileprivate var text: String {
    func quoted(_ text: String) -> String { UntrustedText(text).json }
    func list(_ numbers: [Int]) -> String {
      "[" + numbers.map(String.init).joined(separator: ", ") + "]"
    }
    var members = [
      "\"source\": \(quoted(source))", "\"layer\": \(quoted(layer))",
      "\"parameter\": \(quoted(parameter))",
    ]
    if role == .buffer { members.append("\"role\": \"buffer\"") }
    if conversion.reversesAxes { members.append("\"reverse_axes\": true") }
    if let shape = conversion.reshape { members.append("\"reshape\": \(list(shape))") }
    if let order = conversion.permutation { members.append("\"permute\": \(list(order))") }
    if !conversion.flippedAxes.isEmpty {
      members.append("\"flip\": \(list(conversion.flippedAxes))")
    }
    if let scale = conversion.scale { members.append("\"scale\": \(scale)") }
    switch conversion.final {
    case nil: break
    case .shape(let shape): members.append("\"final_reshape\": \(list(shape))")
    case .target: members.append("\"final_reshape\": true")
    }
    return "{" + members.joined(separator: ", ") + "}"
  }
}
