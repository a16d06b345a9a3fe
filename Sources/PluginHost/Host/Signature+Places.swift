import LayerKit
import Tensors

extension Signature {
  /// The operands of a call, by position of input or slot.
  func places(of shapes: OperandShapes, width: Int) -> [TensorPlace] {
    var places = shapes.inputs.enumerated().map {
      TensorPlace(role: .input, index: $0, shape: $1, width: width)
    }
    let groups: [(TensorPlace.Role, [Slot], [String: Shape])] = [
      (.parameter, parameters, shapes.parameters), (.buffer, buffers, shapes.buffers),
      (.auxiliary, auxiliary, shapes.auxiliary),
    ]
    for (role, slots, present) in groups {
      for (index, slot) in slots.enumerated() {
        guard let shape = present[slot.name] else { continue }
        places.append(TensorPlace(role: role, index: index, shape: shape, width: width))
      }
    }
    return places
  }

  /// The number in the header of one result, and which of them.
  func place(of tensor: ResultTensor) -> CallMessage.ResultPlace {
    switch tensor {
    case .output(let index): .init(kind: 0, index: UInt32(index))
    case .inputGradient(let index): .init(kind: 1, index: UInt32(index))
    case .parameterGradient(let name):
      .init(kind: 2, index: UInt32(parameters.firstIndex { $0.name == name } ?? 0))
    case .buffer(let name):
      .init(kind: 3, index: UInt32(buffers.firstIndex { $0.name == name } ?? 0))
    }
  }

  /// How a tensor that the layer writes is called in reports.
  func name(of tensor: TensorPlace, in call: CallMessage) -> String {
    let several = call.tensors.count { $0.role == tensor.role } > 1
    switch tensor.role {
    case .output: return several ? "output.\(tensor.index)" : "output"
    case .inputGradient:
      let inputs = call.tensors.count { $0.role == .input }
      return inputs > 1 ? "grad_input.\(tensor.index)" : "grad_input"
    case .parameterGradient: return "grad_parameters/\(parameters[tensor.index].name)"
    case .laterBuffer: return "buffers/\(buffers[tensor.index].name)"
    default: return "values"
    }
  }
}

extension Arena {
  /// Writes one of the operands of a call, or the state that a buffer begins with.
  func write<S>(_ operands: Operands<S>, to place: TensorPlace, _ signature: Signature) {
    let tensor =
      switch place.role {
      case .input: operands.inputs[place.index]
      case .parameter: operands.parameters[signature.parameters[place.index].name]
      case .buffer, .laterBuffer: operands.buffers[signature.buffers[place.index].name]
      case .auxiliary: operands.auxiliary[signature.auxiliary[place.index].name]
      default: nil as Tensor<S>?
      }
    if let tensor { write(tensor, to: place) }
  }
}
