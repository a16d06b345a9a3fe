// LayerReader.swift

import HDF5File
import LayerKit
import Tensors
import Text

/// Reads the group of one layer: its attributes and its tensors, but not its place among others.
struct LayerReader {
  let tensors: TensorReader
  let registry: LayerRegistry

  /// The attributes of a layer that are no hyper-parameters.
  private static let attributeNames = [
    "type", "inputs", "index", "training", "source", "expected_failure", "shares_parameters_with",
  ]

  /// Reads a layer.
  func draft(_ group: Group, name: ObjectName, at path: ObjectPath, caseName: String?) -> LayerDraft
  {
    var findings = Findings(ProblemList(caseName: caseName, layer: name.string))
    var attributes = AttributeReader(group.attributes, of: path)
    let kind = attributes.word("type", &findings.problems)
    attributes.require("type", &findings.problems)
    let definition = kind.flatMap { registry[$0] }
    let sources = attributes.words("inputs", &findings.problems)
    let index = attributes.integer("index", &findings.problems)
    let isTraining = attributes.boolean("training", &findings.problems)
    let source = attributes.text("source", &findings.problems)
    let expectedFailure = attributes.text("expected_failure", &findings.problems)
    let holder = attributes.word("shares_parameters_with", &findings.problems)
    var layer = FixtureLayer(
      name: name.string, kind: kind ?? "", index: index, isTraining: isTraining ?? false,
      source: source, expectedFailure: expectedFailure)
    for attribute in attributes.ignored { findings.ignore(attribute: attribute.name, of: path) }
    if let definition {
      layer.layer = configured(definition, attributes.others, at: path, &findings.problems)
    } else if let kind {
      layer.closestKind = registry.closestKind(to: kind)
    }
    if name.hasColon { findings.problems.report(.colonInName(name.string), at: path) }
    var draft = LayerDraft(
      path: path, name: name, layer: layer, definition: definition, sources: sources,
      holder: holder, findings: findings)
    OperandReader(tensors: tensors).read(group, into: &draft)
    return draft
  }

  // MARK: Hyper-parameters

  private func configured(
    _ definition: LayerDefinition, _ attributes: [Attribute], at path: ObjectPath,
    _ problems: inout ProblemList
  ) -> AnyLayer? {
    let values = attributes.hyperparameters(at: path, &problems)
    do throws(InvalidHyperparameters) {
      return try definition.layer(values)
    } catch {
      for problem in error.problems { problems.report(withLayerNames(problem), at: path) }
      return nil
    }
  }

  /// A misspelled attribute may be one that every layer has.
  private func withLayerNames(_ problem: LayerProblem) -> LayerProblem {
    guard case .unknownHyperparameter(let name, let closest) = problem else { return problem }
    let candidates = (closest.map { [$0] } ?? []) + Self.attributeNames
    return .unknownHyperparameter(name, closest: NearMiss.closest(to: name, among: candidates))
  }
}

extension ObjectName {
  /// Whether the name holds a `:`, which separates a layer from the number of its output.
  var hasColon: Bool { bytes.contains(UInt8(ascii: ":")) }
}
