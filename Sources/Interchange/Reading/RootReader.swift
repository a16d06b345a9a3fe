// RootReader.swift

import HDF5File
import LayerKit

/// Reads the root of a fixture: what it is, and the cases in it.
struct RootReader {
  private let file: HDF5File
  private let registry: LayerRegistry
  /// Everything that is wrong, in the order of the file.
  private(set) var problems: [FixtureProblem] = []
  /// Everything that is ignored.
  private(set) var ignored: [String] = []

  /// The groups that a case has.
  static let caseGroups = ["inputs", "layers", "optimizer", "trajectory"]

  init(file: HDF5File, registry: LayerRegistry) {
    self.file = file
    self.registry = registry
  }

  /// Reads all cases; what is wrong is then in `problems`.
  mutating func read() -> [FixtureCase] {
    let root = file.catalogue.root
    var findings = Findings(ProblemList())
    let attributes = CaseAttributes(of: root, at: .root, isRoot: true, &findings)
    // In a file of another format or of a later version, every other problem would be noise.
    if let foreign = findings.problems.problems.first(where: \.reason.isForeign) {
      problems = [foreign]
      return []
    }
    let hasCases = root.group("cases") != nil
    checkMembers(root, hasCases: hasCases, &findings)
    problems += findings.problems.problems
    ignored += findings.ignored
    guard let cases = root.group("cases") else {
      return [read(root, at: .root, name: nil, attributes)]
    }
    return read(cases, attributes)
  }

  private func checkMembers(_ root: Group, hasCases: Bool, _ findings: inout Findings) {
    for (name, _) in root.groups where name != "cases" {
      let isOfCase = Self.caseGroups.contains { name == $0 }
      if !isOfCase { findings.ignore(ObjectPath.root.appending(name)) }
      if isOfCase, hasCases {
        findings.problems.report(
          .rootBesideCases(group: name.string), at: ObjectPath.root.appending(name))
      }
    }
    for (name, _) in root.datasets {
      let path = ObjectPath.root.appending(name)
      if Self.caseGroups.contains(where: { name == $0 }) || name == "cases" {
        findings.problems.report(.groupExpected(name.string), at: path)
      } else {
        findings.ignore(path)
      }
    }
  }

  // MARK: Cases

  private mutating func read(_ cases: Group, _ root: CaseAttributes) -> [FixtureCase] {
    let path = ObjectPath.root.appending("cases")
    var findings = Findings(ProblemList())
    for attribute in cases.attributes {
      findings.ignore(attribute: attribute.name, of: path)
    }
    for (name, _) in cases.datasets {
      if name.isIgnored {
        findings.ignore(path.appending(name))
      } else {
        findings.problems.report(.groupExpected(name.string), at: path.appending(name))
      }
    }
    let named = cases.groups.filter { !$0.name.isIgnored }
    for (name, _) in cases.groups where name.isIgnored { findings.ignore(path.appending(name)) }
    if named.isEmpty { findings.problems.report(.noLayers(closest: nil), at: path) }
    problems += findings.problems.problems
    ignored += findings.ignored
    return named.map { name, group in
      var own = Findings(ProblemList(caseName: name.string))
      let place = path.appending(name)
      if name.hasColon { own.problems.report(.colonInName(name.string), at: place) }
      let attributes = CaseAttributes(of: group, at: place, isRoot: false, &own)
      for (member, _) in group.groups where !Self.caseGroups.contains(where: { member == $0 }) {
        own.ignore(place.appending(member))
      }
      for (member, _) in group.datasets {
        if Self.caseGroups.contains(where: { member == $0 }) {
          own.problems.report(.groupExpected(member.string), at: place.appending(member))
        } else {
          own.ignore(place.appending(member))
        }
      }
      problems += own.problems.problems
      ignored += own.ignored
      return read(group, at: place, name: name, attributes.inheriting(from: root))
    }
  }

  private mutating func read(
    _ group: Group, at path: ObjectPath, name: ObjectName?, _ attributes: CaseAttributes
  ) -> FixtureCase {
    var reader = CaseReader(
      tensors: TensorReader(file: file), registry: registry, path: path, name: name?.string,
      attributes: attributes)
    let result = reader.read(group)
    problems += reader.problems
    ignored += reader.ignored
    return result
  }
}

extension FixtureReason {
  /// Whether the file is not for this reader at all.
  fileprivate var isForeign: Bool {
    switch self {
    case .wrongFormat, .unsupportedVersion: true
    default: false
    }
  }
}
