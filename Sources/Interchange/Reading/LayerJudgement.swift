// LayerJudgement.swift

import HDF5File
import LayerKit
import Tensors

/// Settles what a layer is judged on, and holds the shapes of its tensors against its own rule.
///
/// Layers are settled in topological order: the shapes of what feeds them are known by then.
struct LayerJudgement {
  /// One input as its producer provides it.
  struct Feed {
    /// The recorded tensor.
    var tensor: StoredTensor?
    /// Its shape, recorded or by the producer's rule.
    var shape: Shape?
    /// Why it cannot be read.
    var unavailable: [UnavailableTensor] = []
    /// Whether the recorded tensor has another shape than the producer's rule gives, or the
    /// producer itself was judged on such a tensor: a difference that is a verdict further up,
    /// and no fault of whoever consumes it.
    var isDisputed = false
  }

  /// What feeds the layer, in order; nil for a layer that stands alone.
  let feeds: [Feed]?

  /// Settles one layer.
  func settle(_ draft: inout LayerDraft) {
    settleInputs(&draft)
    checkTensorNames(&draft)
    let problems = draft.findings.problems.problems.count
    settleOutputs(&draft)
    guard draft.findings.problems.problems.count == problems else { return }
    checkIndices(&draft)
    settleReference(&draft)
    settleTwin(&draft)
  }

  // MARK: Inputs

  /// Own inputs go before those of the producers.
  private func settleInputs(_ draft: inout LayerDraft) {
    draft.layer.inputs = (0..<draft.inputCount).map { index in
      if let own = draft.layer.reference.inputs[index] { return own }
      guard !draft.declared.contains("reference/input.\(index)"), let feeds else { return nil }
      draft.findings.unavailable += feeds[index].unavailable
      draft.isDisputed = draft.isDisputed || feeds[index].isDisputed
      return feeds[index].tensor
    }
  }

  private func inputShapes(_ draft: LayerDraft) -> [Shape]? {
    let shapes = draft.layer.inputs.indices.map { index in
      draft.layer.inputs[index]?.shape ?? feeds?[index].shape
        ?? draft.layer.twin?.inputs[index]?.shape
    }
    return shapes.contains(nil) ? nil : shapes.compactMap { $0 }
  }

  // MARK: Names

  /// Required tensors must be there, and what is computed from a parameter needs the parameter.
  ///
  /// Where a holder does not exist, or a name is misspelled, that has been told already.
  private func checkTensorNames(_ draft: inout LayerDraft) {
    guard let signature = draft.definition?.signature else { return }
    let hasParameters = draft.holder == nil || draft.layer.parameterHolder != nil
    if hasParameters {
      checkRequired(signature.parameters, in: "parameters", &draft)
      for root in ["reference", "reference_f64"] {
        for folder in ["grad_parameters", "updated_parameters"] {
          checkSources(signature.parameters, of: "\(root)/\(folder)", &draft)
        }
      }
    }
    checkRequired(signature.buffers, in: "buffers", &draft)
    checkRequired(signature.auxiliary, in: "auxiliary", &draft)
  }

  private func checkRequired(
    _ slots: [Signature.Slot], in folder: String, _ draft: inout LayerDraft
  ) {
    guard !draft.presumed.contains(folder) else { return }
    for slot in slots where !slot.isOptional {
      let place = "\(folder)/\(slot.name)"
      guard !draft.declared.contains(place), !draft.presumed.contains(place) else { continue }
      draft.report(.missingTensor(place))
    }
  }

  /// Gradients and later values are of parameters that are there.
  private func checkSources(
    _ slots: [Signature.Slot], of folder: String, _ draft: inout LayerDraft
  ) {
    guard !draft.presumed.contains("parameters") else { return }
    for slot in slots {
      let (place, source) = ("\(folder)/\(slot.name)", "parameters/\(slot.name)")
      // A required parameter that is missing has been told.
      guard slot.isOptional, draft.declared.contains(place), !draft.declared.contains(source),
        !draft.presumed.contains(source)
      else { continue }
      draft.findings.problems.report(
        .absentOperand(source), at: draft.path.appending(relative: place))
    }
  }

  /// The index of a numbered tensor is below the number of inputs or outputs.
  private func checkIndices(_ draft: inout LayerDraft) {
    guard let signature = draft.definition?.signature else { return }
    let inputs = draft.sources?.count ?? signature.maximumInputs
    let outputs = draft.layer.outputShapes?.count ?? .max
    for (root, reference) in draft.references {
      let families: [(TensorName.Stem, [Int: StoredTensor], Int)] = [
        (.input, reference.inputs, inputs), (.output, reference.outputs, outputs),
        (.outputGradient, reference.outputGradients, outputs),
        (.inputGradient, reference.inputGradients, inputs),
      ]
      for (stem, tensors, count) in families {
        for index in tensors.keys.sorted() where index >= count {
          let name = index == 0 ? stem.rawValue : "\(stem.rawValue).\(index)"
          draft.findings.problems.report(
            .indexOutside(tensor: name, count: count),
            at: draft.path.appending(relative: "\(root)/\(name)"))
        }
      }
    }
  }

  // MARK: Outputs

  private func settleOutputs(_ draft: inout LayerDraft) {
    guard let layer = draft.layer.layer else { return }
    let allowed = layer.signature.minimumInputs...layer.signature.maximumInputs
    if draft.sources != nil || draft.inputCount > allowed.upperBound {
      guard allowed.contains(draft.inputCount) else {
        draft.report(.inputCount(allowed: allowed, found: draft.inputCount))
        return
      }
    }
    guard !draft.findings.problems.hasLayerProblem, !draft.lacksAnOperand,
      let inputs = inputShapes(draft)
    else { return }
    let operands = OperandShapes(
      inputs: inputs, parameters: draft.layer.parameters.mapValues(\.shape),
      buffers: draft.layer.buffers.mapValues(\.shape),
      auxiliary: draft.layer.auxiliary.mapValues(\.shape), isTraining: draft.layer.isTraining)
    do {
      let settled = try ShapeRule(layer: layer).outputShapes(operands)
      if let large = settled.outputs.first(where: { $0.count > ShapeRule.largestOutput }) {
        draft.report(.outputTooLarge(large))
        return
      }
      draft.layer.outputShapes = settled.outputs
      draft.operandShapes = settled.operands
      draft.layer.adopt(settled.operands)
    } catch let failure as LayerFailure {
      draft.layer.failure = failure
    } catch {
      guard !draft.isDisputed else {
        draft.layer.inputs = draft.layer.inputs.map { _ in nil }
        return
      }
      let reason = (error as? LayerProblem).map { FixtureReason.layer($0) }
      draft.report(reason ?? .refused(String(describing: error)))
    }
  }
}

extension ProblemList {
  /// Whether something is wrong already, so that the layer's own rule would only repeat it.
  var hasLayerProblem: Bool { !problems.isEmpty }
}

extension LayerDraft {
  /// Both references with the names of their groups.
  var references: [(root: String, ReferenceTensors)] {
    [("reference", layer.reference)] + (layer.twin.map { [("reference_f64", $0)] } ?? [])
  }

  /// Whether an operand is declared that cannot be read.
  var lacksAnOperand: Bool {
    let folders = [
      ("parameters", layer.parameters), ("buffers", layer.buffers), ("auxiliary", layer.auxiliary),
    ]
    return folders.contains { folder, tensors in
      declared.count { $0.hasPrefix(folder + "/") } != tensors.count
    }
      || layer.inputs.indices.contains {
        layer.inputs[$0] == nil
          && declared.contains("reference/input.\($0)")
      }
  }
}

extension ObjectPath {
  /// The path of something below, by names that this module wrote itself.
  func appending(relative path: String) -> ObjectPath {
    path.split(separator: "/").reduce(self) { result, name in
      (try? ObjectName(bytes: Array(name.utf8))).map(result.appending) ?? result
    }
  }
}
