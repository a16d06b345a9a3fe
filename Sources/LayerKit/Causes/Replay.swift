public import Tensors

/// One tensor computed by some layer from some operands, when it is asked for.
struct Replay: Sendable {
  let layer: AnyLayer
  let operands: Operands<Double>
  let upstream: [Tensor<Double>]
  let tensor: ResultTensor

  /// Below so many elements a part costs no less than the whole.
  private static let worthProbing = 4096

  /// The shape of the tensor; nil where the operands do not fit or the layer does not compute it.
  var shape: Shape? {
    guard let outputs = try? layer.outputShapes(operands.shapes) else { return nil }
    if tensor.isGradient, upstream.map(\.shape) != outputs { return nil }
    switch tensor {
    case .output(let index): return outputs.indices.contains(index) ? outputs[index] : nil
    case .buffer(let name): return operands.buffers[name]?.shape
    case .inputGradient(let index):
      let shapes = operands.inputs.map(\.shape)
      guard shapes.indices.contains(index),
        layer.signature.hasGradient(ofInput: index, shapes: shapes)
      else { return nil }
      return shapes[index]
    case .parameterGradient(let name): return operands.parameters[name]?.shape
    }
  }

  /// The tensor; NaN throughout, which agrees with nothing, where the layer does not compute it.
  var values: Tensor<Double> {
    layer.result(tensor, operands, upstream: upstream)
      ?? Tensor(shape ?? .scalar, repeating: .nan)
  }

  /// The bound of the tensor; none at all, so that only equal numbers agree, where the layer breaks
  /// down over it.
  func bound(_ rounding: Rounding) -> ErrorBound {
    let question = BoundQuestion(
      tensor, operands: operands, upstream: tensor.isGradient ? upstream : [], computed: values,
      rounding: rounding)
    return (try? layer.bound(question)) ?? .exact
  }

  /// One sample alone, where samples do not depend on each other and there is more than one.
  func probe(sample: Int) -> Prediction.Probe? {
    guard let shape, shape.rank > 0, shape[0] > 1, shape.count >= Self.worthProbing,
      sample < shape[0], layer.signature.traits.contains(.independentSamples),
      operands.auxiliary.isEmpty,
      operands.inputs.allSatisfy({ $0.shape.rank > 0 && $0.shape[0] == shape[0] }),
      upstream.allSatisfy({ $0.shape.rank > 0 && $0.shape[0] == shape[0] })
    else { return nil }
    switch tensor {
    case .output, .inputGradient: break
    case .parameterGradient, .buffer: return nil
    }
    let size = shape.count / shape[0]
    return Prediction.Probe(sample * size..<(sample + 1) * size) {
      var alone = operands
      alone.inputs = operands.inputs.map { $0.sample(sample) }
      let part = layer.result(tensor, alone, upstream: upstream.map { $0.sample(sample) })
      return part?.elements ?? [Double](repeating: .nan, count: size)
    }
  }
}

extension AnyLayer {
  /// One tensor in double precision; nil where the layer does not compute it or breaks down.
  func result(
    _ tensor: ResultTensor, _ operands: Operands<Double>, upstream: [Tensor<Double>]
  ) -> Tensor<Double>? {
    switch tensor {
    case .output(let index):
      guard let outputs = try? double.forward(operands).outputs else { return nil }
      return outputs.indices.contains(index) ? outputs[index] : nil
    case .buffer(let name):
      guard let buffers = try? double.forward(operands).buffers else { return nil }
      return buffers[name] ?? operands.buffers[name]
    case .inputGradient(let index):
      let wanted = GradientRequest(inputs: [index], parameters: [])
      guard let gradients = try? double.backward(operands, upstream, wanted).inputs else {
        return nil
      }
      return gradients.indices.contains(index) ? gradients[index] : nil
    case .parameterGradient(let name):
      let wanted = GradientRequest(inputs: [], parameters: [name])
      return (try? double.backward(operands, upstream, wanted))?.parameters[name]
    }
  }
}

extension Tensor {
  /// One entry of the first axis, which stays as an axis of one.
  public func sample(_ index: Int) -> Tensor {
    let size = count / shape[0]
    return Tensor(
      Shape([1] + shape.extents.dropFirst()), Array(elements[index * size..<(index + 1) * size]))
  }
}
