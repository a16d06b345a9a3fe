internal import CLayerABI
import Kernels
import LayerKit
import Tensors

extension Tensor where Element: KernelScalar {
  /// A copy of a tensor of the host.
  init(_ tensor: cnn_tensor) {
    let shape = Shape(of: tensor)
    self.init(
      shape,
      [Element](uninitializedCount: shape.count) { elements in
        guard let address = elements.baseAddress, let data = tensor.data else { return }
        UnsafeMutableRawPointer(address).copyMemory(
          from: data, byteCount: shape.count * MemoryLayout<Element>.stride)
      })
  }
}

extension cnn_tensor {
  /// A layer that computes another shape than its own rule says.
  struct OtherShape: Error, CustomStringConvertible {
    let found: Shape
    let expected: Shape
    var description: String { "a result has the shape \(found) instead of \(expected)" }
  }

  /// Writes all elements.
  func write<S: KernelScalar>(_ computed: Tensor<S>) throws {
    guard computed.shape == Shape(of: self), let data else {
      throw OtherShape(found: computed.shape, expected: Shape(of: self))
    }
    computed.elements.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { data.copyMemory(from: source, byteCount: bytes.count) }
    }
  }
}

extension Shape {
  init(of tensor: cnn_tensor) {
    self.init(
      withUnsafeBytes(of: tensor.shape) { bytes in
        bytes.bindMemory(to: Int64.self).prefix(Int(tensor.rank)).map { Int($0) }
      })
  }
}

extension Operands where S: KernelScalar {
  /// Copies of the operands of the host.
  init(_ operands: cnn_operands, of signature: Signature) {
    self.init(
      inputs: (0..<Int(operands.input_count)).compactMap { index in
        operands.inputs[index].map { Tensor<S>($0.pointee) }
      },
      parameters: named(signature.parameters, operands.parameters) { Tensor<S>($0) },
      buffers: named(signature.buffers, operands.buffers) { Tensor<S>($0) },
      auxiliary: named(signature.auxiliary, operands.auxiliary) { Tensor<S>($0) },
      isTraining: operands.is_training != 0, format: NumberFormat(number: operands.format),
      inputFormat: NumberFormat(number: operands.input_format))
  }
}

extension OperandShapes {
  /// The shapes of the operands of the host.
  init(_ operands: cnn_operands, of signature: Signature) {
    self.init(
      inputs: (0..<Int(operands.input_count)).compactMap { index in
        operands.inputs[index].map { Shape(of: $0.pointee) }
      },
      parameters: named(signature.parameters, operands.parameters) { Shape(of: $0) },
      buffers: named(signature.buffers, operands.buffers) { Shape(of: $0) },
      auxiliary: named(signature.auxiliary, operands.auxiliary) { Shape(of: $0) },
      isTraining: operands.is_training != 0)
  }
}

/// The tensors of the slots that are there, by name.
private func named<Found>(
  _ slots: [Signature.Slot], _ tensors: UnsafePointer<UnsafePointer<cnn_tensor>?>?,
  _ convert: (cnn_tensor) -> Found
) -> [String: Found] {
  var found: [String: Found] = [:]
  for (index, slot) in slots.enumerated() {
    if let tensor = tensors?[index] { found[slot.name] = convert(tensor.pointee) }
  }
  return found
}

extension NumberFormat {
  /// The format of a number in the header.
  fileprivate init(number: UInt32) {
    switch Int(number) {
    case Int(CNN_FLOAT32): self = .float32
    case Int(CNN_FLOAT16): self = .float16
    case Int(CNN_BFLOAT16): self = .bfloat16
    default: self = .float64
    }
  }
}

extension BoundQuestion {
  /// A question of the host.
  init(_ question: cnn_question, _ operands: cnn_operands, of signature: Signature) throws {
    let index = Int(question.index)
    let tensor: ResultTensor
    switch Int(question.result) {
    case Int(CNN_OUTPUT): tensor = .output(index)
    case Int(CNN_INPUT_GRADIENT): tensor = .inputGradient(index)
    case Int(CNN_PARAMETER_GRADIENT): tensor = .parameterGradient(signature.parameters[index].name)
    default: tensor = .buffer(signature.buffers[index].name)
    }
    guard let computed = question.computed?.pointee else { throw NullPointer() }
    self.init(
      tensor, operands: Operands(operands, of: signature),
      upstream: (0..<Int(question.output_count)).compactMap { index in
        question.upstream?[index].map { Tensor<Double>($0.pointee) }
      },
      computed: Tensor(computed),
      rounding: Rounding(unit: question.unit, underflow: question.underflow))
  }
}

extension cnn_bound {
  /// Writes an answer.
  mutating func fill(_ bound: ErrorBound) throws {
    guard let values = values?.pointee else { throw NullPointer() }
    switch bound {
    case .exact: form = UInt32(CNN_BOUND_EXACT)
    case .accumulated(let terms, let magnitude, let products):
      form = UInt32(CNN_BOUND_ACCUMULATED)
      self.terms = Int64(terms)
      is_products = products ? 1 : 0
      try values.write(
        Tensor(magnitude.shape, magnitude.elements(0..<magnitude.shape.count)))
    case .elementwise(let limits):
      form = UInt32(CNN_BOUND_ELEMENTWISE)
      try values.write(limits)
    case .measured: form = UInt32(CNN_BOUND_NONE)
    }
  }
}
