internal import CLayerABI
import Kernels
import LayerKit
import Tensors

/// What a layer's functions find behind `self`.
private final class LayerBox {
  let layer: AnyLayer

  init(_ layer: AnyLayer) { self.layer = layer }

  static func of(_ instance: UnsafeMutableRawPointer?) -> AnyLayer? {
    instance.map { Unmanaged<LayerBox>.fromOpaque($0).takeUnretainedValue().layer }
  }
}

extension cnn_layer_type {
  /// The functions of every kind; which one it is they find behind `user` and `self`.
  mutating func setFunctions() {
    create = { host, type, instance in
      guard let host, let user = type?.pointee.user, let instance else { return Int32(CNN_FAILED) }
      let definition = Unmanaged<KindBox>.fromOpaque(user).takeUnretainedValue().definition
      guard let layer = Host(host).layer(of: definition) else { return Int32(CNN_FAILED) }
      instance.pointee = Unmanaged.passRetained(LayerBox(layer)).toOpaque()
      return Int32(CNN_OK)
    }
    destroy = { instance in
      if let instance { Unmanaged<LayerBox>.fromOpaque(instance).release() }
    }
    infer = { instance, host, operands in
      run(instance, host, operands) { layer, host, operands in
        let shapes = OperandShapes(operands, of: layer.signature)
        for output in try layer.outputShapes(shapes) { try host.addOutput(output) }
      }
    }
    check_values = { instance, host, operands in
      run(instance, host, operands) { layer, _, operands in
        try layer.double.checkValues(Operands(operands, of: layer.signature))
      }
    }
    forward_f64 = { instance, host, operands, results in
      run(instance, host, operands) { layer, _, operands in
        try forward(layer.double.forward, layer.signature, operands, results)
      }
    }
    forward_f32 = { instance, host, operands, results in
      run(instance, host, operands) { layer, _, operands in
        try forward(layer.single.forward, layer.signature, operands, results)
      }
    }
    backward_f64 = { instance, host, operands, gradients in
      run(instance, host, operands) { layer, _, operands in
        try backward(layer.double, layer.signature, operands, gradients)
      }
    }
    backward_f32 = { instance, host, operands, gradients in
      run(instance, host, operands) { layer, _, operands in
        try backward(layer.single, layer.signature, operands, gradients)
      }
    }
    define_f64 = { instance, host, operands, results in
      run(instance, host, operands) { layer, _, operands in
        try forward({ try layer.double.define($0) }, layer.signature, operands, results)
      }
    }
    bound = { instance, host, question, answer in
      run(instance, host, question?.pointee.operands) { layer, _, operands in
        guard let question, let answer else { throw NullPointer() }
        try answer.pointee.fill(
          try layer.bound(BoundQuestion(question.pointee, operands, of: layer.signature)))
      }
    }
    kinks = { instance, host in
      guard let host, let layer = LayerBox.of(instance) else { return Int32(CNN_FAILED) }
      for kink in layer.kinks { Host(host).add(kink) }
      return Int32(CNN_OK)
    }
  }
}

/// The host handed out NULL where the header promises something.
struct NullPointer: Error {}

/// Calls a layer, and turns what it throws into a reason and a code.
private func run(
  _ instance: UnsafeMutableRawPointer?, _ host: UnsafePointer<cnn_host>?,
  _ operands: UnsafePointer<cnn_operands>?,
  _ body: (AnyLayer, Host, cnn_operands) throws -> Void
) -> Int32 {
  guard let layer = LayerBox.of(instance), let host, let operands else {
    return Int32(CNN_FAILED)
  }
  do {
    try body(layer, Host(host), operands.pointee)
    return Int32(CNN_OK)
  } catch {
    return Host(host).fail(error)
  }
}

private func forward<S: KernelScalar>(
  _ function: (Operands<S>) throws -> Results<S>, _ signature: Signature,
  _ operands: cnn_operands, _ results: UnsafePointer<cnn_results>?
) throws {
  guard let results = results?.pointee else { throw NullPointer() }
  let computed = try function(Operands(operands, of: signature))
  for (index, output) in computed.outputs.enumerated() {
    try results.outputs[index]?.pointee.write(output)
  }
  for (index, slot) in signature.buffers.enumerated() {
    // What a layer does not mention stays as it was.
    if let buffer = computed.buffers[slot.name] {
      try results.buffers[index]?.pointee.write(buffer)
    }
  }
}

private func backward<S: KernelScalar>(
  _ program: LayerProgram<S>, _ signature: Signature, _ operands: cnn_operands,
  _ gradients: UnsafePointer<cnn_gradients>?
) throws {
  guard let gradients = gradients?.pointee else { throw NullPointer() }
  let arguments = Operands<S>(operands, of: signature)
  let upstream = (0..<Int(gradients.output_count)).compactMap { index in
    gradients.upstream[index].map { Tensor<S>($0.pointee) }
  }
  let inputs = arguments.inputs.indices.filter { gradients.inputs[$0] != nil }
  let slots = signature.parameters.indices.filter { gradients.parameters[$0] != nil }
  let computed = try program.backward(
    arguments, upstream,
    GradientRequest(
      inputs: Set(inputs), parameters: Set(slots.map { signature.parameters[$0].name })))
  for index in inputs where computed.inputs.indices.contains(index) {
    // What is wanted and missing stays unwritten, which the host reports.
    if let gradient = computed.inputs[index] {
      try gradients.inputs[index]?.pointee.write(gradient)
    }
  }
  for index in slots {
    if let gradient = computed.parameters[signature.parameters[index].name] {
      try gradients.parameters[index]?.pointee.write(gradient)
    }
  }
}
