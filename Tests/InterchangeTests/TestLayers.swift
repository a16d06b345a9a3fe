import Kernels
import LayerKit
import Tensors

/// Kinds that only have a signature, hyper-parameters and a shape rule: nothing here is computed.
enum TestLayers: Plugin {
  static let name = "test"
  static let layers = [
    LayerDefinition(AddKind.self), LayerDefinition(BatchNormKind.self),
    LayerDefinition(ConvKind.self), LayerDefinition(ConvTransposeKind.self),
    LayerDefinition(DropoutKind.self), LayerDefinition(EmbeddingKind.self),
    LayerDefinition(FlattenKind.self), LayerDefinition(LinearKind.self),
    LayerDefinition(MSELossKind.self), LayerDefinition(ParameterKind.self),
    LayerDefinition(PReLUKind.self), LayerDefinition(ReLUKind.self),
    LayerDefinition(SplitKind.self),
  ]
}

/// What all test kinds share: they refuse to compute.
protocol ShapeOnlyLayer: Layer {}

extension ShapeOnlyLayer {
  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> { Results([]) }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> { Gradients(inputs: []) }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }

  static var examples: [LayerExample] { [] }
}

struct ConvKind: ShapeOnlyLayer {
  static let signature = Signature(
    kind: "Conv2d", parameters: [.init("weight"), .init("bias", optional: true)])
  let stride: [Int]
  let padding: [Int]
  let dilation: [Int]
  let declared: DeclaredSizes

  init(_ reader: inout HyperparameterReader) {
    stride = reader.integers("stride", count: 2, default: [1, 1], in: 1...(1 << 40))
    padding = reader.integers("padding", count: 2, default: [0, 0], in: 0...(1 << 20))
    dilation = reader.integers("dilation", count: 2, default: [1, 1], in: 1...(1 << 40))
    declared = reader.declaredSizes("in_channels")
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let input = operands.inputs[0]
    guard input.rank == 4 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C, H, W)", found: input)
    }
    let weight = operands.parameters["weight"] ?? .scalar
    guard weight.rank == 4, weight[1] == input[1] else {
      throw LayerProblem.wrongShape(
        tensor: "parameters/weight", expected: "(O, \(input[1]), kH, kW)", found: weight)
    }
    try declared.check("in_channels", equals: input[1])
    let sizes = try (0..<2).map { axis in
      let kernel = dilation[axis] * (weight[2 + axis] - 1) + 1
      let room = input[2 + axis] + 2 * padding[axis] - kernel
      guard room >= 0 else {
        throw LayerProblem.emptyOutput(
          axis: ["height", "width"][axis], extent: input[2 + axis], padding: 2 * padding[axis],
          effectiveKernel: kernel)
      }
      return room / stride[axis] + 1
    }
    return [Shape([input[0], weight[0]] + sizes)]
  }
}

struct ConvTransposeKind: ShapeOnlyLayer {
  static let signature = Signature(kind: "ConvTranspose2d", parameters: [.init("weight")])

  init(_ reader: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let (input, weight) = (operands.inputs[0], operands.parameters["weight"] ?? .scalar)
    guard weight.rank == 4, input.rank == 4, weight[0] == input[1] else {
      throw LayerProblem.wrongShape(
        tensor: "parameters/weight", expected: "(I, O, kH, kW)", found: weight)
    }
    return [[input[0], weight[1], input[2] + weight[2] - 1, input[3] + weight[3] - 1]]
  }
}

struct LinearKind: ShapeOnlyLayer {
  static let signature = Signature(
    kind: "Linear", parameters: [.init("weight"), .init("bias", optional: true)])

  init(_ reader: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let (input, weight) = (operands.inputs[0], operands.parameters["weight"] ?? .scalar)
    guard weight.rank == 2, input.extents.last == weight[1] else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(…, \(weight))", found: input)
    }
    return [Shape(input.extents.dropLast() + [weight[0]])]
  }
}

struct BatchNormKind: ShapeOnlyLayer {
  static let signature = Signature(
    kind: "BatchNorm2d",
    parameters: [.init("weight", optional: true), .init("bias", optional: true)],
    buffers: [
      .init("running_mean"), .init("running_var", .positiveNumbers),
      .init("num_batches_tracked", .indices, optional: true),
    ])
  let eps: Double
  let momentum: Double
  let mode: Mode

  enum Mode: String, CaseIterable { case plain, fancy }

  init(_ reader: inout HyperparameterReader) {
    eps = reader.real("eps", default: 1e-5, in: 0...1)
    momentum = reader.real("momentum", default: 0.1)
    mode = reader.word("mode", default: .fancy)
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    // The file's hyper-parameters arrive here, where a test can see them.
    if operands.isTraining, (eps, momentum, mode) != (0.5, 0.25, .plain) {
      throw LayerProblem.other("wrong hyper-parameters: \(self)")
    }
    let counter = operands.buffers["num_batches_tracked"] ?? .scalar
    guard counter == .scalar else {
      throw LayerProblem.wrongShape(
        tensor: "buffers/num_batches_tracked", expected: "()", found: counter)
    }
    return [operands.inputs[0]]
  }
}

struct PReLUKind: ShapeOnlyLayer {
  static let signature = Signature(kind: "PReLU", parameters: [.init("weight")])

  init(_ reader: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let weight = operands.parameters["weight"] ?? .scalar
    guard weight.rank == 1 else {
      throw LayerProblem.wrongShape(tensor: "parameters/weight", expected: "(C,)", found: weight)
    }
    return [operands.inputs[0]]
  }
}

struct ReLUKind: ShapeOnlyLayer {
  static let signature = Signature(kind: "ReLU")

  init(_ reader: inout HyperparameterReader) { reader.ignore("inplace") }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }
}

struct FlattenKind: ShapeOnlyLayer {
  static let signature = Signature(kind: "Flatten")

  init(_ reader: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let input = operands.inputs[0]
    return [[input[0], input.extents.dropFirst().reduce(1, *)]]
  }
}

struct AddKind: ShapeOnlyLayer {
  static let signature = Signature(
    kind: "Add", inputs: [.init("input"), .init("other")], repeatsLastInput: true)

  init(_ reader: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    guard let shape = Shape.broadcast(operands.inputs) else {
      throw LayerProblem.other("the inputs do not stretch to one another")
    }
    return [shape]
  }
}

struct SplitKind: ShapeOnlyLayer {
  static let signature = Signature(kind: "Split")
  let sizes: [Int]
  let dim: Int

  init(_ reader: inout HyperparameterReader) {
    if let sizes = reader.optionalIntegers("split_sizes", in: 0...(1 << 40)) {
      self.sizes = sizes
    } else {
      sizes = []
      reader.report(.missingHyperparameter("split_sizes"))
    }
    dim = reader.integer("dim", default: 0, in: -8...8)
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let input = operands.inputs[0]
    guard let axis = input.axis(dim), input[axis] == sizes.reduce(0, +) else {
      throw LayerProblem.other("the sizes do not add up")
    }
    return sizes.map { size in
      var extents = input.extents
      extents[axis] = size
      return Shape(extents)
    }
  }
}

struct MSELossKind: ShapeOnlyLayer {
  static let signature = Signature(
    kind: "MSELoss", inputs: [.init("input"), .init("target")], traits: .loss)

  init(_ reader: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    guard operands.inputs[0] == operands.inputs[1] else {
      throw LayerProblem.wrongShape(
        tensor: "target", expected: operands.inputs[0].description, found: operands.inputs[1])
    }
    return [.scalar]
  }
}

struct ParameterKind: ShapeOnlyLayer {
  static let signature = Signature(kind: "Parameter", inputs: [], parameters: [.init("value")])

  init(_ reader: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [operands.parameters["value"] ?? .scalar]
  }
}

struct DropoutKind: ShapeOnlyLayer {
  static let signature = Signature(
    kind: "Dropout", auxiliary: [.init("mask", .mask, optional: true)])

  init(_ reader: inout HyperparameterReader) {
    _ = reader.real("p", default: 0.5, in: 0...1)
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }
}

struct EmbeddingKind: ShapeOnlyLayer {
  static let signature = Signature(
    kind: "Embedding", inputs: [.init("input", .indices)], parameters: [.init("weight")])

  init(_ reader: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let weight = operands.parameters["weight"] ?? .scalar
    return [Shape(operands.inputs[0].extents + [weight[1]])]
  }
}
