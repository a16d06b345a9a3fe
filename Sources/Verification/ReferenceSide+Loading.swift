import Interchange
import LayerKit
import Tensors

extension ReferenceSide {
  /// The operands of the layer; call only where every input is there.
  func operands<S: LayerScalar>(as type: S.Type) throws -> Operands<S> {
    Operands(
      inputs: try inputs.compactMap { try $0?.read(as: S.self) },
      parameters: try layer.parameters.mapValues { try $0.read(as: S.self) },
      buffers: try buffers.mapValues { try $0.read(as: S.self) },
      auxiliary: try layer.auxiliary.mapValues { try $0.read(as: S.self) },
      isTraining: layer.isTraining, format: format, inputFormat: layer.inputs.first??.format)
  }

  /// The upstream gradients, or the name of the first one that the fixture lacks.
  func upstream<S: LayerScalar>(as type: S.Type) throws -> Result<[Tensor<S>], MissingTensor> {
    let shapes = layer.outputShapes ?? []
    var upstream: [Tensor<S>] = []
    for (output, shape) in shapes.enumerated() {
      if let stored = outputGradient(output) {
        upstream.append(try stored.read(as: S.self).reshaped(to: shape))
      } else if isObjective(output) {
        upstream.append(Tensor(shape, repeating: 1))
      } else {
        let name = shapes.count > 1 ? "grad_output.\(output)" : "grad_output"
        return .failure(MissingTensor(name: name))
      }
    }
    return .success(upstream)
  }
}

/// A tensor that the fixture lacks.
struct MissingTensor: Error {
  let name: String
}
