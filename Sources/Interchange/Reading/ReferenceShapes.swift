// ReferenceShapes.swift

import LayerKit
import Tensors

/// Shapes of recorded tensors: what a computation needs must fit; what is compared need not.
extension LayerJudgement {
  /// Brings the reference into the shapes that the layer's rule gives.
  ///
  /// A result of another shape is kept: it will differ. An upstream gradient must have the shape
  /// of its output.
  func settleReference(_ draft: inout LayerDraft) {
    guard let shapes = draft.layer.outputShapes else {
      let outputs = draft.layer.reference.outputs.mapValues(\.shape)
      settleUpstream(\.reference, "reference", &draft) { outputs[$0] }
      return
    }
    draft.layer.reference.adopt(shapes, draft.layer)
    settleUpstream(\.reference, "reference", &draft) { shapes[$0] }
  }

  /// Checks the tensors that the twin brings, and completes them by those of the reference.
  func settleTwin(_ draft: inout LayerDraft) {
    guard var twin = draft.layer.twin else { return }
    for (index, tensor) in twin.inputs.sorted(by: { $0.key < $1.key })
    where index < draft.layer.inputs.count {
      let expected = draft.operandShapes?.inputs[index] ?? draft.layer.inputs[index]?.shape
      twin.inputs[index] = tensor.agreeing(with: expected)
      let name = "input" + (index > 0 ? ".\(index)" : "")
      check(twin.inputs[index], has: expected, name, &draft)
    }
    for (name, tensor) in twin.initialBuffers.sorted(by: { $0.key < $1.key }) {
      let place = "initial_buffers/\(name)"
      guard draft.declared.contains("buffers/\(name)") else {
        let path = draft.path.appending(relative: "reference_f64/\(place)")
        draft.findings.problems.report(.absentOperand("buffers/\(name)"), at: path)
        continue
      }
      let expected = draft.layer.buffers[name]?.shape
      twin.initialBuffers[name] = tensor.agreeing(with: expected)
      check(twin.initialBuffers[name], has: expected, place, &draft)
    }
    if let shapes = draft.layer.outputShapes { twin.adopt(shapes, draft.layer) }
    draft.layer.twin = twin
    let shapes = draft.layer.outputShapes
    let outputs = twin.outputs.mapValues(\.shape)
    settleUpstream(\.twin, "reference_f64", &draft) { shapes?[$0] ?? outputs[$0] }
    let layer = draft.layer
    draft.layer.twin?.complete(from: layer, declared: draft.declared)
  }

  /// What the twin computes from must have the shape that the layer's rule has accepted.
  private func check(
    _ tensor: StoredTensor?, has expected: Shape?, _ name: String, _ draft: inout LayerDraft
  ) {
    guard let tensor, let expected, tensor.shape != expected else { return }
    draft.findings.problems.report(
      .wrongShape(expected: expected, found: tensor.shape),
      at: draft.path.appending(relative: "reference_f64/\(name)"))
  }

  /// An upstream gradient of another shape than its output is a fault of the file, unless the
  /// recorded output has that shape too: then the two frameworks disagree about the output, that
  /// is the verdict, and the gradient cannot be used.
  private func settleUpstream(
    _ reference: WritableKeyPath<FixtureLayer, ReferenceTensors>, _ root: String,
    _ draft: inout LayerDraft, shape: (Int) -> Shape?
  ) {
    let tensors = draft.layer[keyPath: reference]
    for (index, tensor) in tensors.outputGradients.sorted(by: { $0.key < $1.key }) {
      guard let expected = shape(index) else { continue }
      let gradient = tensor.agreeing(with: expected)
      guard gradient.shape != expected else {
        draft.layer[keyPath: reference].outputGradients[index] = gradient
        continue
      }
      draft.layer[keyPath: reference].outputGradients[index] = nil
      guard tensors.outputs[index]?.shape != tensor.shape else { continue }
      let name = "grad_output" + (index > 0 ? ".\(index)" : "")
      draft.findings.problems.report(
        .wrongShape(expected: expected, found: tensor.shape),
        at: draft.path.appending(relative: "\(root)/\(name)"))
    }
  }

  private func settleUpstream(
    _ reference: WritableKeyPath<FixtureLayer, ReferenceTensors?>, _ root: String,
    _ draft: inout LayerDraft, shape: (Int) -> Shape?
  ) {
    settleUpstream(reference.appending(path: \.orEmpty), root, &draft, shape: shape)
  }
}

extension ReferenceTensors? {
  /// The tensors, none where there is no reference.
  fileprivate var orEmpty: ReferenceTensors {
    get { self ?? ReferenceTensors() }
    set { self = newValue }
  }
}

extension ReferenceTensors {
  /// Gives every recorded scalar the form, with or without an axis, that the layer's tensors have.
  fileprivate mutating func adopt(_ outputShapes: [Shape], _ layer: FixtureLayer) {
    for (index, shape) in outputShapes.enumerated() {
      outputs[index] = outputs[index]?.agreeing(with: shape)
    }
    for index in layer.inputs.indices {
      inputGradients[index] = inputGradients[index]?.agreeing(with: layer.inputs[index]?.shape)
    }
    for (name, parameter) in layer.parameters {
      parameterGradients[name] = parameterGradients[name]?.agreeing(with: parameter.shape)
      updatedParameters[name] = updatedParameters[name]?.agreeing(with: parameter.shape)
    }
    for (name, buffer) in layer.buffers {
      buffers[name] = buffers[name]?.agreeing(with: buffer.shape)
    }
  }

  /// What a twin does not have is what the reference saw; what it has and nobody can read is not.
  fileprivate mutating func complete(from layer: FixtureLayer, declared: Set<String>) {
    for (index, input) in layer.inputs.enumerated()
    where inputs[index] == nil && !declared.contains("reference_f64/input.\(index)") {
      inputs[index] = input
    }
    for (index, gradient) in layer.reference.outputGradients
    where outputGradients[index] == nil && !declared.contains("reference_f64/grad_output.\(index)")
    {
      outputGradients[index] = gradient
    }
  }
}

extension FixtureLayer {
  /// Takes over the form, with or without an axis, in which the layer's rule accepted scalars.
  mutating func adopt(_ operands: OperandShapes) {
    inputs = zip(inputs, operands.inputs).map { $0?.agreeing(with: $1) }
    for index in reference.inputs.keys where index < inputs.count {
      reference.inputs[index] = reference.inputs[index]?.agreeing(with: operands.inputs[index])
    }
    for (name, shape) in operands.parameters {
      parameters[name] = parameters[name]?.agreeing(with: shape)
    }
    for (name, shape) in operands.buffers { buffers[name] = buffers[name]?.agreeing(with: shape) }
    for (name, shape) in operands.auxiliary {
      auxiliary[name] = auxiliary[name]?.agreeing(with: shape)
    }
  }
}
