// UpdateReader.swift

import HDF5File
import LayerKit
import Network
import Tensors
import Text

/// Reads `/optimizer`: the rule of an update and the state of the parameters.
struct UpdateReader {
  let layers: NamedLayers

  private static let groupNames = ["state", "reference_state"]

  /// Reads the group; nil, and told, where nobody knows the optimiser or its settings are wrong.
  func read(_ group: Group, at path: ObjectPath, _ findings: inout Findings) -> FixtureUpdate? {
    var attributes = AttributeReader(group.attributes, of: path)
    let word = attributes.word("type", &findings.problems)
    attributes.require("type", &findings.problems)
    for attribute in attributes.ignored { findings.ignore(attribute: attribute.name, of: path) }
    Members(group, at: path).refuse(groups: Self.groupNames, &findings)
    for (name, _) in group.datasets {
      let place = path.appending(name)
      if name.isIgnored {
        findings.ignore(place)
      } else if Self.groupNames.contains(where: { name == $0 }) {
        findings.problems.report(.groupExpected(name.string), at: place)
      } else {
        let closest = NearMiss.closest(to: name.string, among: Self.groupNames)
        findings.problems.report(.unknownDataset(name.string, closest: closest), at: place)
      }
    }
    guard let word else { return nil }
    guard let kind = OptimizerKind.named(word) else {
      let allowed = OptimizerKind.all.map(\.name)
      findings.problems.report(
        .unknownWord(attribute: "type", found: word, allowed: allowed), at: path)
      return nil
    }
    guard var update = configured(kind, attributes.others, at: path, &findings.problems) else {
      return nil
    }
    let before = findings.unavailable.count
    update.state = state(group, "state", kind, at: path, &findings)
    update.referenceState = state(group, "reference_state", kind, at: path, &findings)
    update.unavailable = Array(findings.unavailable[before...])
    return update
  }

  // MARK: Hyper-parameters

  private func configured(
    _ kind: OptimizerKind, _ attributes: [Attribute], at path: ObjectPath,
    _ problems: inout ProblemList
  ) -> FixtureUpdate? {
    var values = attributes.hyperparameters(at: path, &problems)
    let step = values.removeValue(forKey: "step")
    if let step, (step.asInteger ?? -1) < 0 {
      problems.report(
        .outOfRange(hyperparameter: "step", allowed: "a whole number of 0 or more", found: step),
        at: path)
    }
    do throws(InvalidHyperparameters) {
      return FixtureUpdate(optimizer: try kind.optimizer(values), step: step?.asInteger ?? 0)
    } catch {
      for problem in error.problems { problems.report(Self.withOwnNames(problem), at: path) }
      return nil
    }
  }

  /// A misspelled attribute may be one that every optimiser has.
  private static func withOwnNames(_ problem: LayerProblem) -> LayerProblem {
    guard case .unknownHyperparameter(let name, let closest) = problem else { return problem }
    let candidates = (closest.map { [$0] } ?? []) + ["step", "type"]
    return .unknownHyperparameter(name, closest: NearMiss.closest(to: name, among: candidates))
  }

  // MARK: State

  private func state(
    _ group: Group, _ folder: ObjectName, _ kind: OptimizerKind, at path: ObjectPath,
    _ findings: inout Findings
  ) -> FixtureState {
    var state = FixtureState()
    guard let group = group[group: folder] else { return state }
    let place = path.appending(folder)
    for (layer, path, group) in layers.groups(of: group, at: place, &findings) {
      Members(group, at: path).expectGroups(&findings)
      for (name, slots) in group.groups {
        let place = path.appending(name)
        guard !name.isIgnored else {
          findings.ignore(place)
          continue
        }
        guard let parameter = layers.parameter(name, of: layer, at: place, &findings) else {
          continue
        }
        Members(slots, at: place).expectDatasets(&findings)
        Members(slots, at: place).refuse(datasets: kind.slots, &findings)
        state[ParameterUse(layer: layer, name: name.string)] = read(
          slots, at: place, kind,
          of: parameter, Axes.Role(ofParameter: name, kind: layers.layers[layer].kind), &findings)
      }
    }
    return state
  }

  /// The slots of one parameter: `step` is a number, all others have the parameter's shape.
  private func read(
    _ group: Group, at path: ObjectPath, _ kind: OptimizerKind, of parameter: StoredTensor,
    _ role: Axes.Role, _ findings: inout Findings
  ) -> [String: StoredTensor] {
    var slots: [String: StoredTensor] = [:]
    for (name, dataset) in group.datasets where kind.slots.contains(where: { name == $0 }) {
      let place = path.appending(name)
      let isStep = name == "step"
      let tensor = layers.tensors.tensor(
        dataset, at: place, role: role, elements: isStep ? .any : .floatingPoint, &findings
      )?.agreeing(with: isStep ? .scalar : parameter.shape)
      guard let tensor else { continue }
      let expected = isStep ? .scalar : parameter.shape
      guard tensor.shape == expected else {
        findings.problems.report(.wrongShape(expected: expected, found: tensor.shape), at: place)
        continue
      }
      slots[name.string] = tensor
    }
    return slots
  }
}

extension [Attribute] {
  /// The attributes as hyper-parameters; those of a type that none can have are told.
  func hyperparameters(
    at path: ObjectPath, _ problems: inout ProblemList
  ) -> [String: HyperparameterValue] {
    var values: [String: HyperparameterValue] = [:]
    for attribute in self {
      guard let value = attribute.value.hyperparameter else {
        problems.report(
          .attributeType(
            attribute.name.string, expected: "a number, a truth value, a text, or a list of them",
            found: attribute.value.summary), at: path)
        continue
      }
      values[attribute.name.string] = value
    }
    return values
  }
}
