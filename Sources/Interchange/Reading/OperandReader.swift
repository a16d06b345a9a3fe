// OperandReader.swift

import HDF5File
import LayerKit
import Tensors
import Text

/// Reads the tensors below a layer: parameters, buffers, masks, and both references.
struct OperandReader {
  let tensors: TensorReader

  private static let groupNames = [
    "parameters", "buffers", "auxiliary", "reference", "reference_f64",
  ]

  /// Reads all groups of a layer and refuses what the format does not name.
  func read(_ group: Group, into draft: inout LayerDraft) {
    for (name, _) in group.datasets where !ignores(name, in: draft.path, &draft) {
      let path = draft.path.appending(name)
      if Self.groupNames.contains(where: { name == $0 }) {
        draft.presumed.insert(name.string)
        draft.findings.problems.report(.groupExpected(name.string), at: path)
      } else {
        let closest = place(of: name, draft)
        if let closest { draft.presumed.insert(closest) }
        draft.findings.problems.report(.unknownDataset(name.string, closest: closest), at: path)
      }
    }
    for (name, subgroup) in group.groups where !ignores(name, in: draft.path, &draft) {
      let path = draft.path.appending(name)
      switch name.string {
      case "parameters":
        let signature = draft.definition?.signature
        draft.layer.parameters = folder(
          subgroup, at: path, signature?.parameters, .parameter, &draft)
      case "buffers":
        let signature = draft.definition?.signature
        draft.layer.buffers = folder(subgroup, at: path, signature?.buffers, .state, &draft)
      case "auxiliary":
        let signature = draft.definition?.signature
        draft.layer.auxiliary = folder(subgroup, at: path, signature?.auxiliary, .state, &draft)
      case "reference":
        draft.layer.reference = reference(subgroup, at: path, isTwin: false, &draft)
      case "reference_f64":
        draft.layer.twin = reference(subgroup, at: path, isTwin: true, &draft)
      default:
        let closest = NearMiss.closest(to: name.string, among: Self.groupNames)
        if let closest { draft.presumed.insert(closest) }
        draft.findings.problems.report(.unknownGroup(name.string, closest: closest), at: path)
      }
    }
  }

  /// Where a dataset that stands in the layer itself belongs.
  private func place(of name: ObjectName, _ draft: LayerDraft) -> String? {
    if let close = TensorName.closest(to: name) { return "reference/\(close)" }
    guard let signature = draft.definition?.signature else { return nil }
    let folders = [
      ("parameters", signature.parameters), ("buffers", signature.buffers),
      ("auxiliary", signature.auxiliary),
    ]
    for (folder, slots) in folders {
      if let close = NearMiss.closest(to: name.string, among: slots.map(\.name)) {
        return "\(folder)/\(close)"
      }
    }
    return nil
  }

  /// Whether nobody shall look at an object; it is then listed.
  private func ignores(
    _ name: ObjectName, in group: ObjectPath, _ draft: inout LayerDraft
  ) -> Bool {
    guard name.isIgnored else { return false }
    draft.findings.ignore(group.appending(name))
    return true
  }

  // MARK: Tensors by name

  /// What the tensors of a folder are.
  private enum Content {
    /// Trainable, or made from what is: always floating-point.
    case parameter
    /// State, masks, class weights: as their slot says.
    case state
  }

  /// Reads the tensors of a folder whose names the kind knows.
  private func folder(
    _ group: Group, at path: ObjectPath, _ slots: [Signature.Slot]?, _ content: Content,
    _ draft: inout LayerDraft
  ) -> [String: StoredTensor] {
    refuseAttributes(group, at: path, &draft)
    let folder = path.names.dropFirst(draft.path.names.count).map(\.string).joined(separator: "/")
    for (name, _) in group.groups where !ignores(name, in: path, &draft) {
      draft.presumed.insert("\(folder)/\(name.string)")
      draft.findings.problems.report(.datasetExpected(name.string), at: path.appending(name))
    }
    var result: [String: StoredTensor] = [:]
    for (name, dataset) in group.datasets where !ignores(name, in: path, &draft) {
      let place = path.appending(name)
      guard isKnown(name, slots, folder, at: place, &draft) else { continue }
      let slot = slots?.first { name == $0.name }
      draft.declared.insert("\(folder)/\(name.string)")
      let tensor = tensors.tensor(
        dataset, at: place, role: role(content, name, draft.layer.kind),
        elements: elements(content, slot), &draft.findings)
      if let tensor { result[name.string] = tensor }
    }
    return result
  }

  private func isKnown(
    _ name: ObjectName, _ slots: [Signature.Slot]?, _ folder: String, at place: ObjectPath,
    _ draft: inout LayerDraft
  ) -> Bool {
    if name.hasColon {
      draft.findings.problems.report(.colonInName(name.string), at: place)
      return false
    }
    guard let slots, !slots.contains(where: { name == $0.name }) else { return true }
    let closest = NearMiss.closest(to: name.string, among: slots.map(\.name)).map {
      "\(folder)/\($0)"
    }
    if let closest { draft.presumed.insert(closest) }
    draft.findings.problems.report(
      .unknownTensor("\(folder)/\(name.string)", closest: closest), at: place)
    return false
  }

  private func role(_ content: Content, _ name: ObjectName, _ kind: String) -> Axes.Role {
    content == .parameter ? Axes.Role(ofParameter: name, kind: kind) : .parameter
  }

  private func elements(_ content: Content, _ slot: Signature.Slot?) -> TensorReader.Elements {
    guard content == .state else { return .floatingPoint }
    switch slot?.content {
    // A counter is a buffer of whole numbers among others that are not.
    case .numbers where slot?.name == "num_batches_tracked": return .any
    case .numbers, .positiveNumbers, .probabilities: return .floatingPoint
    default: return .any
    }
  }

  private func refuseAttributes(_ group: Group, at path: ObjectPath, _ draft: inout LayerDraft) {
    AttributeReader(group.attributes, of: path).finish(among: [], &draft.findings)
  }

  // MARK: References

  private func reference(
    _ group: Group, at path: ObjectPath, isTwin: Bool, _ draft: inout LayerDraft
  ) -> ReferenceTensors {
    refuseAttributes(group, at: path, &draft)
    var reference = ReferenceTensors()
    numbered(group, at: path, isTwin: isTwin, into: &reference, &draft)
    let signature = draft.definition?.signature
    let parameters = signature?.parameters
    for (name, subgroup) in group.groups where !ignores(name, in: path, &draft) {
      let place = path.appending(name)
      switch name.string {
      case "grad_parameters":
        reference.parameterGradients = folder(subgroup, at: place, parameters, .parameter, &draft)
      case "updated_parameters":
        reference.updatedParameters = folder(subgroup, at: place, parameters, .parameter, &draft)
      case "buffers":
        reference.buffers = folder(subgroup, at: place, signature?.buffers, .state, &draft)
      case "initial_buffers" where isTwin:
        reference.initialBuffers = folder(subgroup, at: place, signature?.buffers, .state, &draft)
      default: unknown(group: name, at: place, isTwin: isTwin, &draft)
      }
    }
    return reference
  }

  private func unknown(
    group name: ObjectName, at place: ObjectPath, isTwin: Bool, _ draft: inout LayerDraft
  ) {
    if TensorName(name) != nil {
      draft.findings.problems.report(.datasetExpected(name.string), at: place)
      return
    }
    let names =
      ["grad_parameters", "updated_parameters", "buffers"] + (isTwin ? ["initial_buffers"] : [])
    draft.findings.problems.report(
      .unknownGroup(name.string, closest: NearMiss.closest(to: name.string, among: names)),
      at: place)
  }

  /// Reads `input`, `output.1` and the like.
  private func numbered(
    _ group: Group, at path: ObjectPath, isTwin: Bool, into reference: inout ReferenceTensors,
    _ draft: inout LayerDraft
  ) {
    let folder = isTwin ? "reference_f64" : "reference"
    var seen: [TensorName: (name: ObjectName, objectID: UInt64)] = [:]
    for (name, dataset) in group.datasets where !ignores(name, in: path, &draft) {
      let place = path.appending(name)
      guard let tensorName = TensorName(name) else {
        draft.findings.problems.report(unknown(dataset: name, draft), at: place)
        continue
      }
      if let first = seen[tensorName] {
        if first.objectID != dataset.objectID {
          draft.findings.problems.report(
            .twoNames(first.name.string, name.string), at: place)
        }
        continue
      }
      seen[tensorName] = (name, dataset.objectID)
      draft.declared.insert("\(folder)/\(tensorName.stem.rawValue).\(tensorName.index)")
      if tensorName.stem == .input, !isTwin {
        draft.recordedInputs = max(draft.recordedInputs, tensorName.index + 1)
      }
      let isGradient = tensorName.stem == .outputGradient || tensorName.stem == .inputGradient
      let tensor = tensors.tensor(
        dataset, at: place, role: .activation, elements: isGradient ? .floatingPoint : .any,
        &draft.findings)
      reference[tensorName] = tensor
    }
  }

  private func unknown(dataset name: ObjectName, _ draft: LayerDraft) -> FixtureReason {
    let folders = ["grad_parameters", "updated_parameters", "buffers"]
    if folders.contains(where: { name == $0 }) { return .groupExpected(name.string) }
    if let close = TensorName.closest(to: name) {
      return .unknownDataset(name.string, closest: close)
    }
    let parameters = draft.definition?.signature.parameters.map { "grad_\($0.name)" } ?? []
    let gradient = NearMiss.closest(to: name.string, among: parameters)
    return .unknownDataset(
      name.string, closest: gradient.map { "grad_parameters/\($0.dropFirst("grad_".count))" })
  }
}

extension ReferenceTensors {
  /// The tensor of a numbered name.
  subscript(_ name: TensorName) -> StoredTensor? {
    get {
      switch name.stem {
      case .input: inputs[name.index]
      case .output: outputs[name.index]
      case .outputGradient: outputGradients[name.index]
      case .inputGradient: inputGradients[name.index]
      }
    }
    set {
      switch name.stem {
      case .input: inputs[name.index] = newValue
      case .output: outputs[name.index] = newValue
      case .outputGradient: outputGradients[name.index] = newValue
      case .inputGradient: inputGradients[name.index] = newValue
      }
    }
  }
}
