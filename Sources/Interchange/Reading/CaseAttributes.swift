// CaseAttributes.swift

import HDF5File
import Text

/// The attributes of the root or of a case.
struct CaseAttributes {
  var producer: UntrustedText?
  var provenance: UntrustedText?
  var arithmetic: Arithmetic?
  var loss: String?

  /// Reads the attributes of a group; those that nobody names are listed.
  init(of group: Group, at path: ObjectPath, isRoot: Bool, _ findings: inout Findings) {
    var attributes = AttributeReader(group.attributes, of: path)
    let format = attributes.word("format", &findings.problems)
    let version = attributes.word("format_version", &findings.problems)
    if isRoot {
      for name in ["format", "format_version"] { attributes.require(name, &findings.problems) }
    }
    if let format, format != Self.format {
      findings.problems.report(.wrongFormat(format), at: path)
    }
    if let version { Self.check(version, at: path, &findings.problems) }
    producer = attributes.text("producer", &findings.problems)
    provenance = attributes.text("provenance", &findings.problems)
    if let word = attributes.word("arithmetic", &findings.problems) {
      arithmetic = Arithmetic(rawValue: word)
      if arithmetic == nil {
        findings.problems.report(
          .unknownWord(
            attribute: "arithmetic", found: word, allowed: Arithmetic.allCases.map(\.rawValue)),
          at: path)
      }
    }
    loss = attributes.word("loss", &findings.problems)
    for attribute in attributes.ignored + attributes.others {
      findings.ignore(attribute: attribute.name, of: path)
    }
  }

  /// The attributes, with those of the root where a case has none of its own.
  func inheriting(from root: CaseAttributes) -> CaseAttributes {
    var result = self
    result.producer = producer ?? root.producer
    result.provenance = provenance ?? root.provenance
    result.arithmetic = arithmetic ?? root.arithmetic
    result.loss = loss ?? root.loss
    return result
  }

  // MARK: Format and version

  private static let format = "cnn-fixture"
  private static let majorVersion = 1

  /// The first number must be the one known here; a higher second one only adds.
  private static func check(
    _ version: String, at path: ObjectPath, _ problems: inout ProblemList
  ) {
    let numbers = version.split(separator: ".", omittingEmptySubsequences: false).map(number)
    guard (1...3).contains(numbers.count), let major = numbers[0], !numbers.contains(nil) else {
      problems.report(.malformedVersion(version), at: path)
      return
    }
    if major != majorVersion { problems.report(.unsupportedVersion(version), at: path) }
  }

  private static func number(_ digits: Substring) -> Int? {
    guard !digits.isEmpty,
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(digits) ?? .max
  }
}
