// AttributeReader.swift

import HDF5File
import LayerKit
import Text

/// Reads the named attributes of one object, and refuses or collects the others.
struct AttributeReader {
  private let attributes: [Attribute]
  let object: ObjectPath
  private var known: [String] = []

  init(_ attributes: [Attribute], of object: ObjectPath) {
    self.attributes = attributes
    self.object = object
  }

  /// The attributes that were not asked for and are not meant to be ignored.
  var others: [Attribute] {
    attributes.filter { attribute in
      !attribute.name.isIgnored && !known.contains { attribute.name == $0 }
    }
  }

  /// The attributes whose name begins with `x_`.
  var ignored: [Attribute] { attributes.filter(\.name.isIgnored) }

  // MARK: Typed values

  /// A text; nil where it is absent or something else.
  mutating func text(_ name: String, _ problems: inout ProblemList) -> UntrustedText? {
    guard let value = take(name) else { return nil }
    guard case .strings(let texts, _) = value, texts.count == 1 else {
      report(name, expected: "a text", value, &problems)
      return nil
    }
    return texts[0]
  }

  /// A text of valid UTF-8.
  mutating func word(_ name: String, _ problems: inout ProblemList) -> String? {
    guard let text = text(name, &problems) else { return nil }
    guard let word = text.validated else {
      problems.report(
        .attributeType(name, expected: "a text", found: "text that is not UTF-8"), at: object)
      return nil
    }
    return word
  }

  /// A list of texts of valid UTF-8; one text serves as a list of one.
  mutating func words(_ name: String, _ problems: inout ProblemList) -> [String]? {
    guard let value = take(name) else { return nil }
    if value.isEmptyList { return [] }
    guard case .strings(let texts, let shape) = value, shape.count <= 1 else {
      report(name, expected: "a list of names", value, &problems)
      return nil
    }
    let words = texts.compactMap(\.validated)
    guard words.count == texts.count else {
      problems.report(
        .attributeType(name, expected: "a list of names", found: "text that is not UTF-8"),
        at: object)
      return nil
    }
    return words
  }

  /// A whole number.
  mutating func integer(_ name: String, _ problems: inout ProblemList) -> Int? {
    guard let value = take(name) else { return nil }
    guard case .integers(let numbers, _) = value, numbers.count == 1 else {
      report(name, expected: "a whole number", value, &problems)
      return nil
    }
    return numbers[0]
  }

  /// A truth value; 0 and 1 count.
  mutating func boolean(_ name: String, _ problems: inout ProblemList) -> Bool? {
    guard let value = take(name) else { return nil }
    switch value {
    case .booleans(let truths, _) where truths.count == 1: return truths[0]
    case .integers(let numbers, _) where numbers == [0] || numbers == [1]: return numbers == [1]
    case .reals(let numbers, _) where numbers == [0] || numbers == [1]: return numbers == [1]
    default:
      report(name, expected: "true or false", value, &problems)
      return nil
    }
  }

  /// Reports an attribute that is not there and must be, with the one that may be meant.
  func require(_ name: String, _ problems: inout ProblemList) {
    guard !attributes.contains(where: { $0.name == name }) else { return }
    let present = attributes.map(\.name.string)
    problems.report(
      .missingAttribute(name, closest: NearMiss.closest(to: name, among: present)), at: object)
  }

  /// Accepts an attribute that someone else reads.
  mutating func ignore(_ name: String) { known.append(name) }

  // MARK: Parts

  private mutating func take(_ name: String) -> AttributeValue? {
    known.append(name)
    return attributes.first { $0.name == name }?.value
  }

  private func report(
    _ name: String, expected: String, _ found: AttributeValue, _ problems: inout ProblemList
  ) {
    problems.report(.attributeType(name, expected: expected, found: found.summary), at: object)
  }
}

extension ObjectName {
  /// Whether the name says that nobody shall look: it begins with `x_`.
  var isIgnored: Bool { bytes.starts(with: "x_".utf8) }
}

extension AttributeValue {
  /// Whether this is an array without elements, whatever its type.
  var isEmptyList: Bool {
    switch self {
    case .integers(let values, let shape): values.isEmpty && shape.count == 1
    case .reals(let values, let shape): values.isEmpty && shape.count == 1
    case .booleans(let values, let shape): values.isEmpty && shape.count == 1
    case .strings(let values, let shape): values.isEmpty && shape.count == 1
    case .unsupported: false
    }
  }

  /// What the value is, in a few words.
  var summary: String {
    let (kind, shape): (String, [Int]) =
      switch self {
      case .integers(_, let shape): ("integer", shape)
      case .reals(_, let shape): ("real number", shape)
      case .booleans(_, let shape): ("truth value", shape)
      case .strings(let texts, let shape):
        (texts.allSatisfy { $0.validated != nil } ? "text" : "text that is not UTF-8", shape)
      case .unsupported(let words): (words, [])
      }
    guard !shape.isEmpty else { return kind }
    return "\(kind) array of shape (\(shape.map { String($0) }.joined(separator: ", ")))"
  }

  /// The value as a hyper-parameter; nil for types that none can have.
  var hyperparameter: HyperparameterValue? {
    switch self {
    case .integers(let values, let shape): Self.list(values.map { .integer($0) }, shape)
    case .reals(let values, let shape): Self.list(values.map { .real($0) }, shape)
    case .booleans(let values, let shape): Self.list(values.map { .boolean($0) }, shape)
    case .strings(let texts, let shape):
      Self.list(texts.compactMap { $0.validated.map { .text($0) } }, shape, count: texts.count)
    case .unsupported: nil
    }
  }

  private static func list(
    _ values: [HyperparameterValue], _ shape: [Int], count: Int? = nil
  ) -> HyperparameterValue? {
    guard values.count == count ?? values.count, shape.count <= 1 else { return nil }
    return shape.isEmpty ? values.first : .list(values)
  }
}
