// TrajectoryReader.swift

import HDF5File
import LayerKit
import Network
import Tensors

/// Reads `/trajectory`: the inputs of several training steps, and what came of them.
struct TrajectoryReader {
  let layers: NamedLayers
  /// The names of the network's inputs, readable or not.
  let inputs: [String]

  /// Reads the group.
  func read(_ group: Group, at path: ObjectPath, _ findings: inout Findings) -> FixtureTrajectory? {
    let before = findings.problems.problems.count
    var trajectory = FixtureTrajectory()
    let steps = self.steps(group, at: path, &findings)
    Members(group, at: path).refuse(groups: ["batches", "reference"], &findings)
    for (name, _) in group.datasets {
      if name.isIgnored {
        findings.ignore(path.appending(name))
      } else {
        findings.problems.report(.groupExpected(name.string), at: path.appending(name))
      }
    }
    let unavailable = findings.unavailable.count
    if let reference = group.group("reference") {
      let place = path.appending("reference")
      Members(reference, at: place).refuse(datasets: ["loss"], &findings)
      Members(reference, at: place).refuse(groups: ["parameters"], &findings)
      trajectory.loss = loss(reference, at: place, steps: steps, &findings)
      if let parameters = reference.group("parameters") {
        let place = place.appending("parameters")
        trajectory.parameters = self.parameters(parameters, at: place, &findings)
      }
    }
    if let steps { trajectory.batches = batches(group, at: path, steps: steps, &findings) }
    trajectory.unavailable = Array(findings.unavailable[unavailable...])
    return findings.problems.problems.count == before ? trajectory : nil
  }

  private func steps(
    _ group: Group, at path: ObjectPath, _ findings: inout Findings
  ) -> Int? {
    var attributes = AttributeReader(group.attributes, of: path)
    attributes.require("steps", &findings.problems)
    let steps = attributes.integer("steps", &findings.problems)
    attributes.finish(among: ["steps"], &findings)
    guard let steps, steps < 1 else { return steps }
    findings.problems.report(
      .outOfRange(hyperparameter: "steps", allowed: "1 or more", found: .integer(steps)), at: path)
    return nil
  }

  // MARK: Results

  private func loss(
    _ group: Group, at path: ObjectPath, steps: Int?, _ findings: inout Findings
  ) -> StoredTensor? {
    guard let dataset = group.dataset("loss"), let steps else { return nil }
    let place = path.appending("loss")
    let expected = Shape([steps])
    let tensor = layers.tensors.tensor(
      dataset, at: place, role: .parameter, elements: .floatingPoint, &findings
    )?.agreeing(with: expected)
    guard let tensor, tensor.shape != expected else { return tensor }
    findings.problems.report(.wrongShape(expected: expected, found: tensor.shape), at: place)
    return nil
  }

  private func parameters(
    _ group: Group, at path: ObjectPath, _ findings: inout Findings
  ) -> [ParameterUse: StoredTensor] {
    var result: [ParameterUse: StoredTensor] = [:]
    for (layer, path, group) in layers.groups(of: group, at: path, &findings) {
      AttributeReader(group.attributes, of: path).finish(among: [], &findings)
      Members(group, at: path).expectDatasets(&findings)
      for (name, dataset) in group.datasets {
        let place = path.appending(name)
        guard !name.isIgnored else {
          findings.ignore(place)
          continue
        }
        guard let parameter = layers.parameter(name, of: layer, at: place, &findings) else {
          continue
        }
        // One of another shape is kept: it will differ.
        let tensor = layers.tensors.tensor(
          dataset, at: place, role: Axes.Role(ofParameter: name, kind: layers.layers[layer].kind),
          elements: .floatingPoint, &findings)
        result[ParameterUse(layer: layer, name: name.string)] = tensor?.agreeing(
          with: parameter.shape)
      }
    }
    return result
  }

  // MARK: Batches

  /// The batches 0, 1, …; the first one that is missing is told.
  private func batches(
    _ group: Group, at path: ObjectPath, steps: Int, _ findings: inout Findings
  ) -> [[String: StoredTensor]] {
    let place = path.appending("batches")
    guard let batches = group.group("batches") else {
      findings.problems.report(.missingTensor("batches/0"), at: path)
      return []
    }
    Members(batches, at: place).expectGroups(&findings)
    for (name, _) in batches.groups {
      if name.isIgnored {
        findings.ignore(place.appending(name))
      } else if !isBatch(name, below: steps) {
        findings.problems.report(
          .batchOutside(name.string, steps: steps), at: place.appending(name))
      }
    }
    var result: [[String: StoredTensor]] = []
    for step in 0..<steps {
      guard let batch = batches.group("\(step)") else {
        findings.problems.report(.missingTensor("batches/\(step)"), at: path)
        return result
      }
      let path = place.appending(relative: "\(step)")
      result.append(self.batch(batch, at: path, &findings))
    }
    return result
  }

  /// Whether a name is a number below `steps`, without leading zeros.
  private func isBatch(_ name: ObjectName, below steps: Int) -> Bool {
    guard let number = Int(name.string), number >= 0, number < steps else { return false }
    return name == String(number)
  }

  private func batch(
    _ group: Group, at path: ObjectPath, _ findings: inout Findings
  ) -> [String: StoredTensor] {
    Members(group, at: path).expectDatasets(&findings)
    Members(group, at: path).refuse(datasets: inputs, &findings)
    var result: [String: StoredTensor] = [:]
    for input in inputs {
      guard let name = try? ObjectName(bytes: Array(input.utf8)) else { continue }
      guard let dataset = group[dataset: name] else {
        findings.problems.report(.missingTensor(input), at: path)
        continue
      }
      result[input] = layers.tensors.tensor(
        dataset, at: path.appending(name), role: .activation, elements: .any, &findings)
    }
    return result
  }
}
