public import Tensors

/// Everything that is known about one tensor that differs.
public struct Evidence: Sendable {
  /// Which tensor of the layer.
  public let tensor: ResultTensor
  /// What the reference, or the layer on trial, gives; its shape may be another one.
  public let suspect: Tensor<Double>
  /// What was computed here in double precision.
  public let computed: Tensor<Double>
  /// What the layer computed from.
  public let operands: Operands<Double>
  /// The upstream gradients, also where the tensor is an output; empty where there are none.
  public let upstream: [Tensor<Double>]
  /// The layer as it is configured.
  public let layer: AnyLayer
  /// The arithmetic of both sides together.
  public let rounding: Rounding

  /// Gathers what is known.
  public init(
    _ tensor: ResultTensor, suspect: Tensor<Double>, computed: Tensor<Double>,
    operands: Operands<Double>, upstream: [Tensor<Double>], layer: AnyLayer, rounding: Rounding
  ) {
    self.tensor = tensor
    self.suspect = suspect
    self.computed = computed
    self.operands = operands
    self.upstream = upstream
    self.layer = layer
    self.rounding = rounding
  }

  /// The tensor that another layer, or this one fed otherwise, computes in the place of this one.
  ///
  /// Nil where those operands do not fit that layer, or where it does not compute the tensor.
  public func replay(
    _ other: AnyLayer? = nil, operands changed: Operands<Double>? = nil,
    upstream changedUpstream: [Tensor<Double>]? = nil, of wanted: ResultTensor? = nil,
    detail: String? = nil
  ) -> Prediction? {
    let layer = other ?? self.layer
    let operands = changed ?? self.operands
    let upstream = changedUpstream ?? self.upstream
    let tensor = wanted ?? self.tensor
    guard let shapes = try? layer.outputShapes(operands.shapes) else { return nil }
    guard
      let values = layer.result(tensor, operands, upstream: upstream, outputShapes: shapes)
    else { return nil }
    let rounding = self.rounding
    return Prediction(values, detail: detail) {
      layer.bound(
        BoundQuestion(
          tensor, operands: operands, upstream: tensor.isGradient ? upstream : [],
          computed: values, rounding: rounding))
    }
  }
}

extension ResultTensor {
  /// Whether the tensor is a result of the backward pass.
  public var isGradient: Bool {
    switch self {
    case .inputGradient, .parameterGradient: true
    case .output, .buffer: false
    }
  }
}

extension AnyLayer {
  /// One tensor in double precision; nil where the layer does not compute it or the upstream
  /// gradients do not fit the outputs.
  func result(
    _ tensor: ResultTensor, _ operands: Operands<Double>, upstream: [Tensor<Double>],
    outputShapes: [Shape]
  ) -> Tensor<Double>? {
    switch tensor {
    case .output(let index):
      let outputs = double.forward(operands).outputs
      return outputs.indices.contains(index) ? outputs[index] : nil
    case .buffer(let name):
      return double.forward(operands).buffers[name] ?? operands.buffers[name]
    case .inputGradient(let index):
      guard upstream.map(\.shape) == outputShapes else { return nil }
      let wanted = GradientRequest(inputs: [index], parameters: [])
      let gradients = double.backward(operands, upstream, wanted).inputs
      return gradients.indices.contains(index) ? gradients[index] : nil
    case .parameterGradient(let name):
      guard upstream.map(\.shape) == outputShapes else { return nil }
      let wanted = GradientRequest(inputs: [], parameters: [name])
      return double.backward(operands, upstream, wanted).parameters[name]
    }
  }
}
