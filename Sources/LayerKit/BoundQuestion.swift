internal import Kernels
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
    result(
      question, question.operands.mapTensors(\.magnitudes), question.upstream.map(\.magnitudes))
  }

  /// The same for sums of at most `terms` products of two operands, in single precision where that
  /// says enough: at most 1.6 % more, in half the time.
  ///
  /// No term is negative, so n additions and multiplications lose at most γ(n) of the sum, and n·η
  /// where products may fall below the smallest normal number, else nothing:
  ///
  ///     B ≤ (B̂ + n·η) / (1 − γ(n)),   1 / (1 − γ(n)) = 1 + n·u / (1 − 2n·u)
  ///
  /// with u = 2⁻²⁴ and η = 2⁻¹⁴⁹ (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
  /// sections 2.1 and 3.1). It is computed in double precision where single precision does not hold
  /// an operand or a sum, or where n·u exceeds 1/64.
  public func magnitude(_ question: BoundQuestion, terms: Int) -> Tensor<Double> {
    let count = Double(terms + 1)
    let lost = count * Double(Float.ulpOfOne) / 2
    let exact = SingleOperands(question)
    guard lost <= 1.0 / 64, let exact else { return magnitude(question) }
    let sums = result(question, exact.operands, exact.upstream)
    let growth = 1 + lost / (1 - 2 * lost)
    let floor = exact.productsAreNormal ? 0 : count * Double(Float.leastNonzeroMagnitude)
    // What double precision rounds here is far below what the first factor leaves over.
    return sums.widened { ($0 + floor) * growth } ?? magnitude(question)
  }

  /// The tensor in question, computed from other operands.
  private func result<S: KernelScalar>(
    _ question: BoundQuestion, _ operands: Operands<S>, _ upstream: [Tensor<S>]
  ) -> Tensor<S> {
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

  private func missing<S>(_ question: BoundQuestion) -> Tensor<S> {
    preconditionFailure("\(Self.signature.kind) does not compute \(question.tensor)")
  }
}
