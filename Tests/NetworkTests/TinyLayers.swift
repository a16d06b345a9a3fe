import Kernels
import LayerKit
import Tensors

/// y = w·x for one number w.
struct Scaled: Layer {
  static let signature = Signature(kind: "Scaled", parameters: [.init("w")])
  static let examples: [LayerExample] = []
  init(_ hyperparameters: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let w = operands.parameters["w"]?[0] ?? .zero
    return Results(operands.inputs[0].map { w * $0 })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let w = operands.parameters["w"]?[0] ?? .zero
    let dw = operands.inputs[0].zip(upstream[0], *).elements.reduce(0, +)
    return Gradients(
      inputs: [upstream[0].map { w * $0 }], parameters: ["w": Tensor(scalar: dw)])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

/// |x|, a function of single numbers.
struct Magnitude: Layer {
  static let signature = Signature(kind: "Magnitude", traits: .elementwise)
  static let examples: [LayerExample] = []
  init(_ hyperparameters: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.inputs[0].map { $0 < .zero ? -$0 : $0 })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(inputs: [operands.inputs[0].zip(upstream[0]) { $0 < .zero ? -$1 : $1 }])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

/// The sum of its inputs.
struct Total: Layer {
  static let signature = Signature(
    kind: "Total", inputs: [.init("input")], repeatsLastInput: true)
  static let examples: [LayerExample] = []
  init(_ hyperparameters: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { [operands.inputs[0]] }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.inputs.dropFirst().reduce(operands.inputs[0]) { $0.zip($1, +) })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(inputs: operands.inputs.map { _ in upstream[0] })
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

/// No input; its parameter is its output.
struct Free: Layer {
  static let signature = Signature(kind: "Free", inputs: [], parameters: [.init("w")])
  static let examples: [LayerExample] = []
  init(_ hyperparameters: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [operands.parameters["w"] ?? .scalar]
  }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.parameter("w"))
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(inputs: [], parameters: ["w": upstream[0]])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

extension AnyLayer {
  /// A layer without hyper-parameters.
  static func make<L: Layer>(_ type: L.Type) -> AnyLayer {
    var reader = HyperparameterReader([:])
    return AnyLayer(L(&reader))
  }
}
