import Interchange
import LayerKit
import Tensors

extension Operands where S: FloatingScalar {
  /// The same operands in double precision.
  var asDouble: Operands<Double> { mapTensors { $0.asDouble } }

  /// Whether every number among the operands is finite.
  var isFinite: Bool {
    inputs.allSatisfy(\.isFinite) && parameters.values.allSatisfy(\.isFinite)
      && buffers.values.allSatisfy(\.isFinite) && auxiliary.values.allSatisfy(\.isFinite)
  }
}

extension Tensor where Element: FloatingScalar {
  /// The same numbers in double precision.
  var asDouble: Tensor<Double> {
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    get {
      if let same = self as? Tensor<Double> { return same }
      return mapInParallel { $0.value }
    }
  }

  /// Whether every number is finite.
  var isFinite: Bool { elements.allSatisfy(\.isFinite) }
}

extension GradientRequest {
  /// Asks for one gradient alone.
  init(_ tensor: ResultTensor) {
    switch tensor {
    case .inputGradient(let index): self.init(inputs: [index], parameters: [])
    case .parameterGradient(let name): self.init(inputs: [], parameters: [name])
    case .output, .buffer: self.init(inputs: [], parameters: [])
    }
  }
}

extension Gradients {
  /// The gradient, which this value then no longer holds.
  mutating func take(_ tensor: ResultTensor) -> Tensor<S>? {
    switch tensor {
    case .inputGradient(let index):
      guard inputs.indices.contains(index) else { return nil }
      defer { inputs[index] = nil }
      return inputs[index]
    case .parameterGradient(let name): return parameters.removeValue(forKey: name)
    case .output, .buffer: return nil
    }
  }
}

extension Results {
  /// One result; a buffer that the layer did not touch is the one from before.
  mutating func take(_ tensor: ResultTensor, _ operands: Operands<S>) -> Tensor<S>? {
    switch tensor {
    case .output(let index): outputs.indices.contains(index) ? outputs[index] : nil
    case .buffer(let name): buffers[name] ?? operands.buffers[name]
    case .inputGradient, .parameterGradient: nil
    }
  }
}

extension Arithmetic {
  /// The unit roundoff to which the reference shortened the operands of its products.
  var operandRoundoff: Double? {
    switch self {
    case .ieee: nil
    case .tf32, .fp16: NumberFormat.float16.unitRoundoff
    case .bf16: NumberFormat.bfloat16.unitRoundoff
    }
  }
}
