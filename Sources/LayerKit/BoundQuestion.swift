public import Tensors

/// What a layer is asked when it has to bound the rounding of one of its results.
///
/// The answer must hold for every correct computation in the given arithmetic, whatever the
/// order in which it adds.
public struct BoundQuestion: Sendable {
  /// The tensor in question.
  public let tensor: ResultTensor
  /// What the layer computed from.
  public let operands: Operands<Double>
  /// The upstream gradients; empty for outputs and buffers.
  public let upstream: [Tensor<Double>]
  /// The tensor as it was computed here.
  public let computed: Tensor<Double>
  /// The arithmetic of both sides together.
  public let rounding: Rounding

  /// Makes a question.
  public init(
    _ tensor: ResultTensor, operands: Operands<Double>, upstream: [Tensor<Double>],
    computed: Tensor<Double>, rounding: Rounding
  ) {
    self.tensor = tensor
    self.operands = operands
    self.upstream = upstream
    self.computed = computed
    self.rounding = rounding
  }
}

extension Layer {
  /// The same operation on absolute values: the B of γ(n)·B for layers made of sums and products.
  ///
  /// It bounds a layer only if that is linear in each operand separately and computes with
  /// additions and multiplications alone, like a convolution.
  public func magnitude(_ question: BoundQuestion) -> Tensor<Double> {
    let operands = question.operands.mapTensors(\.magnitudes)
    let upstream = question.upstream.map(\.magnitudes)
    switch question.tensor {
    case .output(let index):
      return forward(operands).outputs[index]
    case .inputGradient(let index):
      let wanted = GradientRequest(inputs: [index], parameters: [])
      let gradients = backward(operands, upstream: upstream, wanted: wanted)
      return gradients.inputs[index] ?? missing(question)
    case .parameterGradient(let name):
      let wanted = GradientRequest(inputs: [], parameters: [name])
      let gradients = backward(operands, upstream: upstream, wanted: wanted)
      return gradients.parameters[name] ?? missing(question)
    case .buffer(let name):
      return forward(operands).buffers[name] ?? missing(question)
    }
  }

  private func missing(_ question: BoundQuestion) -> Tensor<Double> {
    preconditionFailure("\(Self.signature.kind) does not compute \(question.tensor)")
  }
}
