import LayerKit
import Tensors

/// Reads the texts of an example: `kernel_size=3,3 mode=zeros` and `input=2x3x5x5 weight=4x3x3x3`.
struct ExampleParser {
  let name: String
  let hyperparameters: String
  let tensors: String
  let isTraining: Bool
  let indexLimit: Int
  let refused: String?

  /// What cannot be read.
  struct Unreadable: Error {
    let reason: String
  }

  func example(of signature: Signature) throws(Unreadable) -> LayerExample {
    var values: [String: HyperparameterValue] = [:]
    for (name, text) in try entries(of: hyperparameters) { values[name] = Self.value(text) }
    var shapes = OperandShapes(inputs: [], isTraining: isTraining)
    var inputValues: [Int: [Double]] = [:]
    for (path, text) in try entries(of: tensors) {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let shape = try shape(parts.first ?? "", of: path)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let folder = path.contains("/") ? path.split(separator: "/").first.map(String.init) : nil
      // A tensor with its folder may be one that the kind has not, in an example that is refused.
      func isIn(_ slots: [Signature.Slot], _ wanted: String) -> Bool {
        folder.map { $0 == wanted } ?? slots.contains { $0.name == name }
      }
      if folder == nil, path == "input" || signature.inputs.contains(where: { $0.name == name }) {
        if parts.count == 2 {
          inputValues[shapes.inputs.count] = try numbers(parts[1], shape, path)
        }
        shapes.inputs.append(shape)
      } else if isIn(signature.parameters, "parameters") {
        shapes.parameters[name] = shape
      } else if isIn(signature.buffers, "buffers") {
        shapes.buffers[name] = shape
      } else if isIn(signature.auxiliary, "auxiliary") {
        shapes.auxiliary[name] = shape
      } else {
        throw Unreadable(reason: "`\(self.name)` has a tensor `\(path)`, which the kind has not")
      }
    }
    return LayerExample(
      name, values, inputs: shapes.inputs, parameters: shapes.parameters, buffers: shapes.buffers,
      auxiliary: shapes.auxiliary, isTraining: isTraining, indexLimit: max(1, indexLimit),
      inputValues: inputValues, refused: refused.map { .other($0) })
  }

  // MARK: Entries

  /// The pairs of a text `a=b c="d e"`.
  private func entries(of text: String) throws(Unreadable) -> [(name: String, value: String)] {
    var entries: [(String, String)] = []
    for entry in Self.words(of: text) {
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw Unreadable(reason: "`\(name)` has `\(entry)` instead of name=value")
      }
      entries.append((String(parts[0]), String(parts[1])))
    }
    return entries
  }

  /// Splits at blanks outside quotation marks.
  private static func words(of text: String) -> [String] {
    var words = [""]
    var isQuoted = false
    for character in text {
      if character == "\"" { isQuoted.toggle() }
      if character == " ", !isQuoted {
        words.append("")
      } else {
        words[words.count - 1].append(character)
      }
    }
    return words.filter { !$0.isEmpty }
  }

  // MARK: Values

  static func value(_ text: String) -> HyperparameterValue {
    if text.count >= 2, text.first == "\"", text.last == "\"" {
      return .text(String(text.dropFirst().dropLast()))
    }
    if text.first == "[", text.last == "]" { return list(text.dropFirst().dropLast()) }
    if text.contains(",") { return list(text[...]) }
    if let flag = Bool(text) { return .boolean(flag) }
    if let number = Int(text) { return .integer(number) }
    if let number = Double(text) { return .real(number) }
    return .text(text)
  }

  /// The values between commas that are in no brackets or quotation marks of their own.
  private static func list(_ text: Substring) -> HyperparameterValue {
    var elements: [String] = []
    var (element, depth, isQuoted) = ("", 0, false)
    for character in text {
      switch character {
      case "\"": isQuoted.toggle()
      case "[" where !isQuoted: depth += 1
      case "]" where !isQuoted: depth -= 1
      default: break
      }
      if character == ",", depth == 0, !isQuoted {
        elements.append(element)
        element = ""
      } else {
        element.append(character)
      }
    }
    if !element.isEmpty { elements.append(element) }
    return .list(elements.map(value))
  }

  private func shape(_ text: some StringProtocol, of path: String) throws(Unreadable) -> Shape {
    if text == "scalar" { return .scalar }
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard !parts.contains(nil), let shape = Shape(checking: parts.compactMap { $0 }) else {
      throw Unreadable(reason: "`\(name)` gives `\(path)` the shape `\(text)`")
    }
    return shape
  }

  private func numbers(
    _ text: some StringProtocol, _ shape: Shape, _ path: String
  ) throws(Unreadable) -> [Double] {
    let numbers = text.split(separator: ",").map { Double(String($0)) }
    guard !numbers.contains(nil), numbers.count == shape.count else {
      throw Unreadable(reason: "`\(name)` gives `\(path)` the elements `\(text)`")
    }
    return numbers.compactMap { $0 }
  }
}
