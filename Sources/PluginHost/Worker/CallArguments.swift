internal import CLayerABI
internal import Glibc
import LayerKit
import Tensors

/// The structs of the header that a call hands to a plug-in, alive as long as this value.
final class CallArguments {
  private let call: CallMessage
  private let base: UnsafeMutableRawPointer?
  private let kind: Signature
  private var tensors: [UnsafeMutablePointer<cnn_tensor>] = []
  private var lists: [UnsafeMutablePointer<UnsafeMutablePointer<cnn_tensor>?>] = []

  /// Describes the tensors of a call; `base` is where the shared memory begins, nil where only shapes
  /// are asked for.
  init(_ call: CallMessage, of kind: Signature, base: UnsafeMutableRawPointer?) {
    self.call = call
    self.kind = kind
    self.base = base
  }

  deinit {
    for tensor in tensors { tensor.deallocate() }
    for list in lists { list.deallocate() }
  }

  var operands: cnn_operands {
    var operands = cnn_operands()
    operands.struct_size = UInt32(MemoryLayout<cnn_operands>.size)
    operands.input_count = UInt32(count(.input))
    operands.inputs = read(.input, count(.input))
    operands.parameters = read(.parameter, kind.parameters.count)
    operands.buffers = read(.buffer, kind.buffers.count)
    operands.auxiliary = read(.auxiliary, kind.auxiliary.count)
    operands.is_training = call.isTraining ? 1 : 0
    operands.format = call.format.numberInHeader
    operands.input_format = call.inputFormat.numberInHeader
    return operands
  }

  var results: cnn_results {
    var results = cnn_results()
    results.struct_size = UInt32(MemoryLayout<cnn_results>.size)
    results.output_count = UInt32(count(.output))
    results.outputs = UnsafePointer(written(.output, count(.output)))
    results.buffers = UnsafePointer(written(.laterBuffer, kind.buffers.count))
    return results
  }

  var gradients: cnn_gradients {
    var gradients = cnn_gradients()
    gradients.struct_size = UInt32(MemoryLayout<cnn_gradients>.size)
    gradients.output_count = UInt32(count(.upstream))
    gradients.upstream = read(.upstream, count(.upstream))
    gradients.inputs = UnsafePointer(written(.inputGradient, count(.input)))
    gradients.parameters = UnsafePointer(
      written(.parameterGradient, kind.parameters.count))
    return gradients
  }

  func question(_ operands: UnsafePointer<cnn_operands>) -> cnn_question {
    var question = cnn_question()
    question.struct_size = UInt32(MemoryLayout<cnn_question>.size)
    question.result = call.result.kind
    question.index = call.result.index
    question.output_count = UInt32(count(.upstream))
    question.operands = operands
    question.upstream = count(.upstream) == 0 ? nil : read(.upstream, count(.upstream))
    question.computed = UnsafePointer(only(.computed))
    question.unit = call.rounding.unit
    question.underflow = call.rounding.underflow
    return question
  }

  var answer: cnn_bound {
    var answer = cnn_bound()
    answer.struct_size = UInt32(MemoryLayout<cnn_bound>.size)
    answer.form = UInt32(CNN_BOUND_NONE)
    answer.values = only(.bound)
    return answer
  }

  /// The shapes of the operands by their paths.
  var shapes: [String: Shape] {
    var shapes: [String: Shape] = [:]
    for tensor in call.tensors {
      switch tensor.role {
      case .input:
        shapes["input.\(tensor.index)"] = tensor.shape
        if tensor.index == 0 { shapes["input"] = tensor.shape }
      case .parameter: shapes["parameters/\(kind.parameters[tensor.index].name)"] = tensor.shape
      case .buffer: shapes["buffers/\(kind.buffers[tensor.index].name)"] = tensor.shape
      case .auxiliary: shapes["auxiliary/\(kind.auxiliary[tensor.index].name)"] = tensor.shape
      default: break
      }
    }
    return shapes
  }

  // MARK: Parts

  private func count(_ role: TensorPlace.Role) -> Int { call.tensors.count { $0.role == role } }

  private func only(_ role: TensorPlace.Role) -> UnsafeMutablePointer<cnn_tensor>? {
    call.tensors.first { $0.role == role }.map(tensor)
  }

  private func tensor(_ place: TensorPlace) -> UnsafeMutablePointer<cnn_tensor> {
    var tensor = cnn_tensor()
    tensor.struct_size = UInt32(MemoryLayout<cnn_tensor>.size)
    tensor.format = UInt32(place.width == 4 ? CNN_FLOAT32 : CNN_FLOAT64)
    tensor.rank = UInt32(place.shape.rank)
    tensor.count = Int64(place.shape.count)
    withUnsafeMutableBytes(of: &tensor.shape) { bytes in
      let extents = bytes.bindMemory(to: Int64.self)
      for axis in extents.indices {
        extents[axis] = axis < place.shape.rank ? Int64(place.shape[axis]) : 1
      }
    }
    tensor.data = base.map { $0 + place.offset }
    let copy = UnsafeMutablePointer<cnn_tensor>.allocate(capacity: 1)
    copy.initialize(to: tensor)
    tensors.append(copy)
    return copy
  }

  /// The tensors of a role by their index, NULL where there is none.
  private func written(
    _ role: TensorPlace.Role, _ count: Int
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<cnn_tensor>?> {
    let list = UnsafeMutablePointer<UnsafeMutablePointer<cnn_tensor>?>.allocate(
      capacity: max(1, count))
    list.initialize(repeating: nil, count: max(1, count))
    for place in call.tensors where place.role == role && place.index < count {
      list[place.index] = tensor(place)
    }
    lists.append(list)
    return list
  }

  private func read(
    _ role: TensorPlace.Role, _ count: Int
  ) -> UnsafePointer<UnsafePointer<cnn_tensor>?> {
    UnsafeRawPointer(written(role, count)).assumingMemoryBound(
      to: UnsafePointer<cnn_tensor>?.self)
  }
}

extension NumberFormat {
  fileprivate var numberInHeader: UInt32 {
    switch self {
    case .float32: UInt32(CNN_FLOAT32)
    case .float64: UInt32(CNN_FLOAT64)
    case .float16: UInt32(CNN_FLOAT16)
    case .bfloat16: UInt32(CNN_BFLOAT16)
    }
  }
}
