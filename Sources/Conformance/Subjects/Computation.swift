import LayerKit
import Tensors

/// Every tensor that a layer computes for the same operands and upstream gradients, in a fixed
/// order, as numbers of double precision.
struct Computation {
  private(set) var tensors: [(name: ResultTensor, value: Tensor<Double>)] = []

  /// The tensor of a name; nil where it was not computed.
  subscript(_ name: ResultTensor) -> Tensor<Double>? {
    tensors.first { $0.name == name }?.value
  }

  /// Results alone.
  init<S: FloatingScalar>(_ results: Results<S>) {
    for (index, output) in results.outputs.enumerated() { add(.output(index), output) }
    for name in results.buffers.keys.sorted() {
      if let buffer = results.buffers[name] { add(.buffer(name), buffer) }
    }
  }

  /// Gradients alone.
  init<S: FloatingScalar>(_ gradients: Gradients<S>) {
    for (index, gradient) in gradients.inputs.enumerated() {
      if let gradient { add(.inputGradient(index), gradient) }
    }
    for name in gradients.parameters.keys.sorted() {
      if let gradient = gradients.parameters[name] { add(.parameterGradient(name), gradient) }
    }
  }

  /// The results and all gradients of a layer at a precision.
  ///
  /// The operands must be exact at that precision.
  init<S: LayerScalar>(
    _ subject: Subject, at precision: S.Type, _ operands: Operands<Double>,
    upstream: [Tensor<Double>]
  ) throws(LayerFailure) {
    let program = S.program(of: subject.layer)
    let operandsAtPrecision = operands.mapTensors { $0.map { S($0) } }
    self.init(try program.forward(operandsAtPrecision))
    let gradients = try program.backward(
      operandsAtPrecision, upstream.map { $0.map { S($0) } }, subject.gradients(of: operands))
    tensors += Computation(gradients).tensors
  }

  /// Whether an element of an output is infinite or NaN.
  var hasInfiniteOutput: Bool {
    tensors.contains { tensor in
      guard case .output = tensor.name else { return false }
      return !tensor.value.elements.allSatisfy(\.isFinite)
    }
  }

  /// Leaves outputs and buffers alone.
  mutating func dropGradients() {
    tensors.removeAll {
      switch $0.name {
      case .inputGradient, .parameterGradient: true
      case .output, .buffer: false
      }
    }
  }

  private mutating func add<S: FloatingScalar>(_ name: ResultTensor, _ tensor: Tensor<S>) {
    tensors.append((name, tensor.map(\.value)))
  }
}

extension Computation {
  /// The first tensor whose bits are not those of another computation, in words.
  func firstDifference(from other: Computation) -> String? {
    guard tensors.map(\.name) == other.tensors.map(\.name) else {
      return "other tensors are computed"
    }
    for (mine, theirs) in zip(tensors, other.tensors) {
      guard mine.value.shape == theirs.value.shape else {
        return "\(mine.name) has the shape \(theirs.value.shape) instead of \(mine.value.shape)"
      }
      for offset in 0..<mine.value.count where !same(mine.value[offset], theirs.value[offset]) {
        return "\(mine.name) is \(theirs.value[offset]) at \(mine.value.shape.index(at: offset)) "
          + "instead of \(mine.value[offset])"
      }
    }
    return nil
  }

  /// Equal bits, or NaN on both sides: its payload means nothing.
  private func same(_ a: Double, _ b: Double) -> Bool {
    a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
  }
}
