// CaseReader.swift

import HDF5File
import LayerKit
import Tensors
import Text

/// Reads one case: its inputs, its layers, and what they are to one another.
struct CaseReader {
  let tensors: TensorReader
  let registry: LayerRegistry
  let path: ObjectPath
  let name: String?
  let attributes: CaseAttributes

  /// Everything that is wrong, in the order of the file.
  private(set) var problems: [FixtureProblem] = []
  /// Everything that is ignored.
  private(set) var ignored: [String] = []

  /// The inputs of the network: those that can be read, and why the others cannot.
  private var inputs: [(name: ObjectName, tensor: StoredTensor)] = []
  private var unavailableInputs: [ObjectName: [UnavailableTensor]] = [:]
  private var names = NameIndex()

  init(
    tensors: TensorReader, registry: LayerRegistry, path: ObjectPath, name: String?,
    attributes: CaseAttributes
  ) {
    self.tensors = tensors
    self.registry = registry
    self.path = path
    self.name = name
    self.attributes = attributes
  }

  /// Reads the case.
  mutating func read(_ group: Group) -> FixtureCase {
    if let inputs = group.group("inputs") { readInputs(inputs) }
    var graph = GraphReader(drafts: drafts(group), names: names)
    let order = graph.order()
    graph.shareParameters()
    let layers = settle(&graph, order)
    let loss = loss(graph, layers)
    for draft in graph.drafts { keep(draft.findings) }
    let update = update(group, layers)
    let trajectory = trajectory(group, layers)
    return FixtureCase(
      name: name, producer: attributes.producer, provenance: attributes.provenance,
      arithmetic: attributes.arithmetic ?? .ieee, lossLayer: loss,
      inputs: inputs.map { ($0.name.string, $0.tensor) }, layers: layers,
      update: update, trajectory: trajectory)
  }

  // MARK: Inputs

  private mutating func readInputs(_ group: Group) {
    let place = path.appending("inputs")
    var findings = Findings(ProblemList(caseName: name))
    for attribute in group.attributes { findings.ignore(attribute: attribute.name, of: place) }
    for (name, _) in group.groups {
      if name.isIgnored {
        ignore(name, in: place, &findings)
      } else {
        findings.problems.report(.datasetExpected(name.string), at: place.appending(name))
      }
    }
    for (name, dataset) in group.datasets {
      guard !name.isIgnored else {
        ignore(name, in: place, &findings)
        continue
      }
      let object = place.appending(name)
      names.add(input: name)
      if name.hasColon { findings.problems.report(.colonInName(name.string), at: object) }
      let before = findings.unavailable.count
      let tensor = tensors.tensor(dataset, at: object, role: .activation, elements: .any, &findings)
      if let tensor { inputs.append((name, tensor)) }
      unavailableInputs[name] = Array(findings.unavailable[before...])
    }
    problems += findings.problems.problems
    ignored += findings.ignored
  }

  private mutating func ignore(
    _ name: ObjectName, in group: ObjectPath, _ findings: inout Findings
  ) {
    findings.ignore(group.appending(name))
    names.add(ignored: name)
  }

  // MARK: Layers

  private mutating func drafts(_ group: Group) -> [LayerDraft] {
    var findings = Findings(ProblemList(caseName: name))
    defer {
      problems += findings.problems.problems
      ignored += findings.ignored
    }
    guard let layers = group.group("layers") else {
      guard group.dataset("layers") == nil else { return [] }
      let present = group.groups.map(\.name.string).filter { !RootReader.caseGroups.contains($0) }
      let closest = present.first { NearMiss.closest(to: $0, among: ["layers"]) != nil }
      findings.problems.report(.noLayers(closest: closest), at: path)
      return []
    }
    let place = path.appending("layers")
    for attribute in layers.attributes { findings.ignore(attribute: attribute.name, of: place) }
    for (name, _) in layers.datasets {
      if name.isIgnored {
        ignore(name, in: place, &findings)
      } else {
        findings.problems.report(.groupExpected(name.string), at: place.appending(name))
      }
    }
    let reader = LayerReader(tensors: tensors, registry: registry)
    var drafts: [LayerDraft] = []
    for (name, layer) in layers.groups {
      guard !name.isIgnored else {
        ignore(name, in: place, &findings)
        continue
      }
      var draft = reader.draft(layer, name: name, at: place.appending(name), caseName: self.name)
      if names[name.string] == .input { draft.report(.inputNamedAsLayer(name.string)) }
      names.add(layer: name, at: drafts.count)
      drafts.append(draft)
    }
    return drafts
  }

  /// Settles the layers in topological order, and returns them with positions in that order.
  private mutating func settle(_ graph: inout GraphReader, _ order: [Int]) -> [FixtureLayer] {
    var place: [Int: Int] = [:]
    for (position, file) in order.enumerated() { place[file] = position }
    let byName = [ObjectName: StoredTensor](inputs.map { ($0.name, $0.tensor) }) { first, _ in first
    }
    for position in order {
      let sources = graph.sources[position]
      // Where a source is unknown, that has been told, and the rest would only follow from it.
      guard !sources.contains(where: { $0 == nil }) else { continue }
      let feeds = sources.compactMap { source in
        source.flatMap { feed($0, of: position, &graph, byName) }
      }
      guard feeds.count == sources.count else { continue }
      let isAlone = graph.drafts[position].sources == nil
      LayerJudgement(feeds: isAlone ? nil : feeds).settle(&graph.drafts[position])
      if !isAlone || graph.drafts[position].layer.layer?.signature.maximumInputs == 0 {
        graph.drafts[position].layer.connections = sources.compactMap { connection($0, place) }
      }
    }
    return order.map { position in
      var layer = graph.drafts[position].layer
      layer.parameterHolder = layer.parameterHolder.flatMap { place[$0] }
      layer.unavailable = graph.drafts[position].findings.unavailable
      return layer
    }
  }

  private func connection(
    _ source: GraphReader.Source?, _ place: [Int: Int]
  ) -> FixtureLayer.Connection? {
    switch source {
    case .input(let name): .networkInput(name)
    case .output(let layer, let output, _):
      place[layer].map { .layerOutput(layer: $0, output: output) }
    case nil: nil
    }
  }

  /// What a source provides; nil, and told, where it has no such output.
  private func feed(
    _ source: GraphReader.Source, of position: Int, _ graph: inout GraphReader,
    _ inputs: [ObjectName: StoredTensor]
  ) -> LayerJudgement.Feed? {
    switch source {
    case .input(let name):
      guard let name = try? ObjectName(bytes: Array(name.utf8)) else { return nil }
      let tensor = inputs[name]
      return LayerJudgement.Feed(
        tensor: tensor, shape: tensor?.shape, unavailable: unavailableInputs[name] ?? [])
    case .output(let producer, let output, let isChosen):
      let draft = graph.drafts[producer]
      let recorded = draft.layer.reference.outputs
      let count = draft.layer.outputShapes?.count
      if !isChosen, let count = count ?? recorded.keys.max().map({ $0 + 1 }), count > 1 {
        graph.drafts[position].report(.outputNotChosen(layer: draft.layer.name, count: count))
        return nil
      }
      if let count, output >= count {
        graph.drafts[position].report(
          .outputOutside(layer: draft.layer.name, output: output, count: count))
        return nil
      }
      let rule = draft.layer.outputShapes?[output]
      let tensor = recorded[output]
      let folder = draft.path.string + "/reference/output"
      return LayerJudgement.Feed(
        tensor: tensor, shape: tensor?.shape ?? rule,
        unavailable: draft.findings.unavailable.filter {
          $0.path == folder && output == 0 || $0.path == "\(folder).\(output)"
        },
        isDisputed: draft.isDisputed || tensor != nil && rule != nil && tensor?.shape != rule)
    }
  }

  // MARK: Training

  private mutating func update(_ group: Group, _ layers: [FixtureLayer]) -> FixtureUpdate? {
    guard let optimizer = group.group("optimizer") else { return nil }
    var findings = Findings(ProblemList(caseName: name))
    defer { keep(findings) }
    return UpdateReader(layers: NamedLayers(layers, tensors: tensors)).read(
      optimizer, at: path.appending("optimizer"), &findings)
  }

  private mutating func trajectory(
    _ group: Group, _ layers: [FixtureLayer]
  ) -> FixtureTrajectory? {
    guard let trajectory = group.group("trajectory") else { return nil }
    var findings = Findings(ProblemList(caseName: name))
    defer { keep(findings) }
    let reader = TrajectoryReader(
      layers: NamedLayers(layers, tensors: tensors), inputs: names.inputs)
    return reader.read(trajectory, at: path.appending("trajectory"), &findings)
  }

  private mutating func keep(_ findings: Findings) {
    problems += findings.problems.problems
    ignored += findings.ignored
  }

  // MARK: The objective

  /// The place of the layer that `loss` names, which must have one scalar output.
  private mutating func loss(_ graph: GraphReader, _ layers: [FixtureLayer]) -> Int? {
    guard let loss = attributes.loss else { return nil }
    var list = ProblemList(caseName: name)
    defer { problems += list.problems }
    guard let position = graph.names.layer(loss) else {
      var names = graph.names
      list.report(.unknownLoss(loss, closest: names.closestLayer(to: loss)), at: path)
      return nil
    }
    let draft = graph.drafts[position]
    let recorded = draft.layer.reference.outputs.sorted { $0.key < $1.key }.map(\.value.shape)
    let outputs = draft.layer.outputShapes ?? recorded
    let isScalar = outputs.count <= 1 && outputs.allSatisfy { $0.count == 1 && $0.rank <= 1 }
    if !isScalar {
      list.report(.lossNotScalar(outputs: outputs), at: draft.path)
      return nil
    }
    return layers.firstIndex { $0.name.utf8.elementsEqual(loss.utf8) }
  }
}
