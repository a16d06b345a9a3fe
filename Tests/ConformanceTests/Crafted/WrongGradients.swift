import Kernels
import LayerKit
import Tensors

// Gains with a wrong backward pass or a wrong bound.

/// A gain whose gradients are changed once they have been computed.
protocol WrongGradient: Gain {
  func spoil<S: KernelScalar>(
    _ gradients: inout Gradients<S>, _ operands: Operands<S>, _ dy: Tensor<S>)
}

extension WrongGradient {
  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    var gradients = differentiated(operands, upstream[0], wanted)
    spoil(&gradients, operands, upstream[0])
    return gradients
  }
}

/// Has a gradient even where the upstream one is zero.
struct AddsRegularizer: WrongGradient {
  var scale = 1.0
  func spoil<S: KernelScalar>(
    _ gradients: inout Gradients<S>, _ operands: Operands<S>, _ dy: Tensor<S>
  ) {
    let w = operands.parameter("weight")
    gradients.parameters["weight"] = gradients.parameters["weight"]?.zip(w) { $0 + $1 / 64 }
  }
}

/// Clips the upstream gradient to [−1, 1].
struct ClipsUpstream: Gain {
  var scale = 1.0
  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    differentiated(operands, upstream[0].map { $0 > 1 ? 1 : $0 < -1 ? -1 : $0 }, wanted)
  }
}

/// Gives the gradient of the weight only together with that of the input.
struct NeedsInputGradient: WrongGradient {
  var scale = 1.0
  func spoil<S: KernelScalar>(
    _ gradients: inout Gradients<S>, _ operands: Operands<S>, _ dy: Tensor<S>
  ) {
    guard gradients.inputs[0] == nil else { return }
    gradients.parameters["weight"] = gradients.parameters["weight"]?.map { _ in 0 }
  }
}

/// Divides the gradient of the weight by the batch.
struct DividesByBatch: WrongGradient {
  var scale = 1.0
  func spoil<S: KernelScalar>(
    _ gradients: inout Gradients<S>, _ operands: Operands<S>, _ dy: Tensor<S>
  ) {
    let batch = S(operands.inputs[0].shape[0])
    gradients.parameters["weight"] = gradients.parameters["weight"]?.map { $0 / batch }
  }
}

/// Is off by a millionth in a single element of the gradient of the input.
struct SlipsInOneElement: WrongGradient {
  var scale = 1.0
  func spoil<S: KernelScalar>(
    _ gradients: inout Gradients<S>, _ operands: Operands<S>, _ dy: Tensor<S>
  ) {
    guard var dx = gradients.inputs[0] else { return }
    dx[dx.count - 1] *= 1.000001
    gradients.inputs[0] = dx
  }
}

/// Has the derivative 1 at 0, and declares 0.
struct DeclaresAnotherSlope: WrongGradient {
  var scale = 1.0
  func spoil<S: KernelScalar>(
    _ gradients: inout Gradients<S>, _ operands: Operands<S>, _ dy: Tensor<S>
  ) {
    guard let dx = gradients.inputs[0] else { return }
    let x = operands.inputs[0]
    gradients.inputs[0] = Tensor(
      dx.shape, (0..<dx.count).map { x[$0] == 0 ? dy[$0] / 64 : dx[$0] })
  }
}

/// Claims that nothing is rounded.
struct ClaimsExactness: Gain {
  var scale = 1.0
  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

/// Claims an error relative to the result, although a sum may cancel.
struct ForgetsCancellation: Gain {
  var scale = 1.0
  func bound(_ question: BoundQuestion) -> ErrorBound {
    .sum(terms: 8, magnitude: question.computed.map(\.magnitude), underflowing: question)
  }
}

/// Claims a relative error where products underflow.
struct ForgetsUnderflow: Gain {
  var scale = 1.0
  func bound(_ question: BoundQuestion) -> ErrorBound {
    .elementwise(magnitude(question).map { question.rounding.gamma(8) * $0 })
  }
}

/// Allows an error as large as the result.
struct AllowsEverything: Gain {
  var scale = 1.0
  func bound(_ question: BoundQuestion) -> ErrorBound {
    .elementwise(magnitude(question).map { 1 + $0 })
  }
}

/// Promises nothing about rounding.
struct PromisesNothing: Gain {
  var scale = 1.0
  func bound(_ question: BoundQuestion) -> ErrorBound {
    .elementwise(question.computed.map { _ in .infinity })
  }
}
