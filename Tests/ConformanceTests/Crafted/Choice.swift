import Kernels
import LayerKit
import Tensors

/// A right layer that chooses: y[n] = mask[n]·x[n, index[n]].
protocol Choice: Layer {
  init()
  func checkIndices<S: KernelScalar>(_ operands: Operands<S>) throws
  func checkMask<S: KernelScalar>(_ operands: Operands<S>) throws
}

struct RightChoice: Choice {}

extension Choice {
  static var signature: Signature {
    Signature(
      kind: "test.\(Self.self)", inputs: [.init("input"), .init("index", .indices)],
      auxiliary: [.init("mask", .mask)], traits: .independentSamples)
  }

  init(_ hyperparameters: inout HyperparameterReader) { self.init() }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let (x, index, mask) = (operands.inputs[0], operands.inputs[1], operands.auxiliary["mask"])
    guard x.rank == 2, x[1] > 0, index == [x[0]], mask == [x[0]] else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C)", found: x)
    }
    return [index]
  }

  func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    try checkIndices(operands)
    try checkMask(operands)
  }

  func checkIndices<S: KernelScalar>(_ operands: Operands<S>) throws {
    for index in operands.inputs[1].elements {
      let last = S(operands.inputs[0].shape[1] - 1)
      guard index >= 0, index <= last, index == index.rounded() else {
        throw LayerProblem.wrongValue(
          tensor: "index", index: [], value: index.value, allowed: "a column")
      }
    }
  }

  func checkMask<S: KernelScalar>(_ operands: Operands<S>) throws {
    for flag in operands.auxiliary["mask"]?.elements ?? [] where !(flag == 0 || flag == 1) {
      throw LayerProblem.wrongValue(
        tensor: "auxiliary/mask", index: [], value: flag.value, allowed: "0 or 1")
    }
  }

  /// The offset that each sample chooses.
  func chosen<S: Scalar>(_ operands: Operands<S>) -> [Int] {
    let columns = operands.inputs[0].shape[1]
    return operands.inputs[1].elements.enumerated().map { sample, index in
      sample * columns + min(max(0, Int(exactly: index.value) ?? 0), columns - 1)
    }
  }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let (x, mask) = (operands.inputs[0], operands.auxiliary["mask"])
    let y = chosen(operands).enumerated().map { (mask?[$0.offset] ?? .one) * x[$0.element] }
    return Results(Tensor(operands.inputs[1].shape, y))
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    var dx = operands.inputs[0].map { _ in S.zero }
    for (sample, offset) in chosen(operands).enumerated() {
      dx[offset] = (operands.auxiliary["mask"]?[sample] ?? 1) * upstream[0][sample]
    }
    return Gradients(inputs: [dx, nil])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }

  static var examples: [LayerExample] {
    [
      LayerExample(
        "four rows", inputs: [[4, 3], [4]], auxiliary: ["mask": [4]], indexLimit: 3),
      LayerExample(
        "one axis", inputs: [[4], [4]], auxiliary: ["mask": [4]],
        refused: .wrongShape(tensor: "input", expected: "(N, C)", found: [4])),
    ]
  }
}

/// Takes any number for an index.
struct TrustsIndices: Choice {
  func checkIndices<S: KernelScalar>(_ operands: Operands<S>) throws {}
}

/// Takes any number for a mask.
struct TrustsMask: Choice {
  func checkMask<S: KernelScalar>(_ operands: Operands<S>) throws {}
}

/// The largest element of each row; of equal ones the last gets the gradient, and it declares the
/// first.
struct PrefersTheLast: Layer {
  static let signature = Signature(kind: "test.PrefersTheLast", traits: .independentSamples)
  static let examples = RightChoice.examples.map {
    LayerExample($0.name, inputs: [$0.shapes.inputs[0]], refused: $0.problem)
  }
  let kinks: [Kink] = [.firstOfTies]

  init(_ hyperparameters: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard x.rank == 2, x[1] > 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C)", found: x)
    }
    return [[x[0]]]
  }

  private func largest<S: Scalar>(_ x: Tensor<S>) -> [Int] {
    (0..<x.shape[0]).map { n in
      (n * x.shape[1]..<(n + 1) * x.shape[1]).reduce(n * x.shape[1]) { x[$1] < x[$0] ? $0 : $1 }
    }
  }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    return Results(Tensor([x.shape[0]], largest(x).map { x[$0] }))
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    var dx = operands.inputs[0].map { _ in S.zero }
    for (row, offset) in largest(operands.inputs[0]).enumerated() { dx[offset] = upstream[0][row] }
    return Gradients(input: dx)
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}
