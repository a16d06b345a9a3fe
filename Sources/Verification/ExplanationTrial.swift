import Discrepancy
import Interchange
import LayerKit
import Reports
import Tensors

/// One layer at its reference's own operands: what it is, and the gradients through it.
struct ExplanationTrial {
  private let layer: FixtureLayer
  private let side: ReferenceSide
  private let facts: LayerFacts

  init(_ layer: FixtureLayer, _ facts: LayerFacts, isLoss: Bool) {
    self.layer = layer
    self.facts = facts
    side = ReferenceSide(tree: layer.reference, isTwin: false, layer, isLoss: isLoss)
  }

  /// Explains the layer; what cannot be computed leaves a reason.
  func run() -> LayerExplanation {
    var explanation = LayerExplanation(
      layer: facts, formula: layer.layer?.formula ?? "", settings: layer.layer?.settings ?? [],
      shapes: shapes, gradients: [], reason: nil)
    guard let kind = layer.layer else {
      let reason = TensorReport.Reason.unknownKind(layer.kind, closest: layer.closestKind)
      explanation.reason = reason.sentence
      return explanation
    }
    let absent = side.inputs.firstIndex { $0 == nil }.map { "input.\($0)" } ?? missingUpstream
    if let absent {
      explanation.reason = TensorReport.Reason.inputAbsent(absent).sentence
      return explanation
    }
    do {
      explanation.gradients = try gradients(kind)
    } catch {
      explanation.reason = TensorReport.Reason.unusable(error).sentence
    }
    return explanation
  }

  private var shapes: [(path: String, shape: Shape)] {
    let inputs = side.inputs.enumerated().compactMap { index, tensor in
      tensor.map { ("input.\(index)", $0.shape) }
    }
    let folders = [
      ("parameters", layer.parameters), ("buffers", layer.buffers), ("auxiliary", layer.auxiliary),
    ]
    let operands = folders.flatMap { folder, tensors in
      tensors.sorted { $0.key < $1.key }.map { ("\(folder)/\($0.key)", $0.value.shape) }
    }
    let outputs = (layer.outputShapes ?? []).enumerated().map { ("output.\($0)", $1) }
    return inputs + operands + outputs
  }

  /// The first upstream gradient that nobody has.
  private var missingUpstream: String? {
    (layer.outputShapes ?? []).indices.first {
      side.outputGradient($0) == nil && !side.isObjective($0)
    }.map { "grad_output.\($0)" }
  }

  // MARK: Gradients

  private func gradients(_ kind: AnyLayer) throws -> [LayerExplanation.Gradient] {
    var operands = try layer.operands(as: Double.self)
    operands.inputs = try side.inputs.compactMap { try $0?.read(as: Double.self) }
    try kind.double.checkValues(operands)
    let outputs = layer.outputShapes ?? []
    let upstream = try outputs.enumerated().map { output, shape in
      try side.outputGradient(output)?.read(as: Double.self).reshaped(to: shape)
        ?? Tensor(shape, repeating: 1)
    }
    let ones = outputs.map { Tensor<Double>($0, repeating: 1) }
    let wanted = wanted(kind, operands)
    let local = try kind.double.backward(operands, ones, wanted)
    let downstream = try kind.double.backward(operands, upstream, wanted)
    let inputs = wanted.inputs.sorted().map { ("input.\($0)", ResultTensor.inputGradient($0)) }
    let parameters = wanted.parameters.sorted().map { ($0, ResultTensor.parameterGradient($0)) }
    return upstream.enumerated().map {
      .init(role: .upstream, name: "output.\($0)", ours: nil, reference: $1)
    }
      + (inputs + parameters).map {
        .init(role: .local, name: $0, ours: gradient($1, local), reference: nil)
      }
      + (try (inputs + parameters).map { name, tensor in
        .init(
          role: .downstream, name: name, ours: gradient(tensor, downstream),
          reference: try side.stored(tensor)?.read(as: Double.self))
      })
  }

  private func wanted(_ kind: AnyLayer, _ operands: Operands<Double>) -> GradientRequest {
    let shapes = operands.inputs.map(\.shape)
    return GradientRequest(
      inputs: Set(
        shapes.indices.filter { kind.signature.hasGradient(ofInput: $0, shapes: shapes) }),
      parameters: Set(operands.parameters.keys))
  }

  private func gradient(
    _ tensor: ResultTensor, _ gradients: Gradients<Double>
  ) -> Tensor<Double>? {
    var gradients = gradients
    return gradients.take(tensor)
  }
}
