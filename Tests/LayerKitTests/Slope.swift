import Kernels
import LayerKit
import Tensors

/// A small layer for these tests: y = slope·x + bias, with a mask that may be there.
struct Slope: Layer {
  static let signature = Signature(
    kind: "Slope", inputs: [.init("input"), .init("bias", optional: true)],
    parameters: [.init("slope"), .init("shift", optional: true)], buffers: [.init("calls")],
    auxiliary: [.init("mask", .mask, optional: true)])

  let factor: Double
  let axes: [Int]

  init(_ hyperparameters: inout HyperparameterReader) {
    factor = hyperparameters.real("factor", default: 1)
    axes = hyperparameters.integers("axes", count: 2, default: [0, 1], in: 0...3)
    hyperparameters.ignore("inplace")
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { [operands.inputs[0]] }

  func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    for (index, value) in (operands.auxiliary["mask"]?.elements ?? []).enumerated()
    where value != 0 && value != 1 {
      throw LayerProblem.wrongValue(
        tensor: "auxiliary/mask", index: [index], value: value.value, allowed: "0 or 1")
    }
  }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let slope = operands.parameters["slope"]?[0] ?? .one
    let factor = operands.constant(factor)
    return Results(
      [operands.inputs[0].map { factor * (slope * $0) }], buffers: ["calls": Tensor(scalar: .one)])
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let slope = operands.parameters["slope"]?[0] ?? .one
    let factor = operands.constant(factor)
    var sum = S.zero
    for (x, dy) in zip(operands.inputs[0].elements, upstream[0].elements) {
      sum += factor * x.multiplied(by: dy)
    }
    return Gradients(
      inputs: [wanted.inputs.contains(0) ? upstream[0].map { factor * slope * $0 } : nil],
      parameters: wanted.parameters.contains("slope") ? ["slope": Tensor([1], [sum])] : [:])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound {
    .sum(terms: 2, magnitude: magnitude(question))
  }

  var kinks: [Kink] { [.point(input: 0, slope: factor)] }

  static var examples: [LayerExample] {
    [
      LayerExample("one axis", inputs: [[3]], parameters: ["slope": [1]], buffers: ["calls": []])
    ]
  }
}

extension BinaryFloatingPoint {
  /// A product that is not ambiguous between the protocols of a scalar.
  fileprivate func multiplied(by other: Self) -> Self { self * other }
}
