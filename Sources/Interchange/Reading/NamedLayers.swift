// NamedLayers.swift

import HDF5File
import LayerKit
import Tensors
import Text

/// The layers of a case for those parts of it that say something about parameters by name:
/// `/optimizer` and `/trajectory`.
struct NamedLayers {
  let tensors: TensorReader
  let layers: [FixtureLayer]
  private var positions: [ObjectName: Int] = [:]

  init(_ layers: [FixtureLayer], tensors: TensorReader) {
    self.layers = layers
    self.tensors = tensors
    for (position, layer) in layers.enumerated() {
      if let name = try? ObjectName(bytes: Array(layer.name.utf8)) { positions[name] = position }
    }
  }

  /// The layers that the subgroups of a group are named after; others are told.
  func groups(
    of group: Group, at path: ObjectPath, _ findings: inout Findings
  ) -> [(layer: Int, path: ObjectPath, group: Group)] {
    Members(group, at: path).expectGroups(&findings)
    return group.groups.compactMap { name, group in
      let place = path.appending(name)
      guard !name.isIgnored else {
        findings.ignore(place)
        return nil
      }
      guard let layer = positions[name] else {
        let closest = NearMiss.closest(to: name.string, among: layers.map(\.name))
        findings.problems.report(.unknownLayer(name.string, closest: closest), at: place)
        return nil
      }
      return (layer, place, group)
    }
  }

  /// The parameter of a name, for something that stands at `path`; nil, and told, if there is none.
  ///
  /// One that is there and cannot be read has been told as well.
  func parameter(
    _ name: ObjectName, of layer: Int, at path: ObjectPath, _ findings: inout Findings
  ) -> StoredTensor? {
    if let parameter = layers[layer].parameters[name.string] { return parameter }
    let place = "/parameters/\(name.string)"
    if !layers[layer].unavailable.contains(where: { $0.path.hasSuffix(place) }) {
      findings.problems.report(.absentOperand("parameters/\(name.string)"), at: path)
    }
    return nil
  }
}

/// What a group of the format holds, and what it must not.
struct Members {
  private let group: Group
  private let path: ObjectPath

  init(_ group: Group, at path: ObjectPath) {
    self.group = group
    self.path = path
  }

  /// Refuses attributes, and all datasets but the named ones; what is to be ignored is listed.
  func refuse(datasets names: [String], _ findings: inout Findings) {
    refuseAttributes(&findings)
    refuse(group.datasets.map(\.name), but: names, &findings) { .unknownDataset($0, closest: $1) }
  }

  /// Refuses all groups but the named ones.
  func refuse(groups names: [String], _ findings: inout Findings) {
    refuse(group.groups.map(\.name), but: names, &findings) { .unknownGroup($0, closest: $1) }
  }

  /// Refuses attributes, and all datasets where groups belong.
  func expectGroups(_ findings: inout Findings) {
    refuseAttributes(&findings)
    refuse(group.datasets.map(\.name), but: [], &findings) { name, _ in .groupExpected(name) }
  }

  /// Refuses all groups where datasets belong.
  func expectDatasets(_ findings: inout Findings) {
    refuse(group.groups.map(\.name), but: [], &findings) { name, _ in .datasetExpected(name) }
  }

  private func refuseAttributes(_ findings: inout Findings) {
    AttributeReader(group.attributes, of: path).finish(among: [], &findings)
  }

  private func refuse(
    _ objects: [ObjectName], but names: [String], _ findings: inout Findings,
    _ reason: (String, String?) -> FixtureReason
  ) {
    for name in objects where !names.contains(where: { name == $0 }) {
      if name.isIgnored {
        findings.ignore(path.appending(name))
      } else {
        let closest = NearMiss.closest(to: name.string, among: names)
        findings.problems.report(reason(name.string, closest), at: path.appending(name))
      }
    }
  }
}

extension Axes.Role {
  /// The letters that a parameter's axes may have: those of the kinds that the format names.
  init(ofParameter name: ObjectName, kind: String) {
    let base = kind.split(separator: ".").last ?? ""
    if name != "weight" {
      self = .parameter
    } else if base.hasPrefix("ConvTranspose") {
      self = .weight(isTransposed: true)
    } else {
      self = base.hasPrefix("Conv") || base == "Linear" ? .weight(isTransposed: false) : .parameter
    }
  }
}
