import Conformance
import Kernels
import LayerKit
import Tensors
import Testing

/// y₀ = Σᵢ wᵢ·xᵢ and y₁ = x₀·x₁, with a fault of choice in the backward pass.
private struct SumAndProduct: Layer {
  enum Fault: Int { case none, oneEntry, missing, nan, equal, nans }

  static let signature = Signature(kind: "test.SumAndProduct", parameters: [.init("weight")])
  static let examples: [LayerExample] = []

  let fault: Fault

  init(_ hyperparameters: inout HyperparameterReader) {
    fault = Fault(rawValue: hyperparameters.integer("fault", in: 0...5)) ?? .none
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { [[2]] }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let products = operands.parameter("weight").zip(x) { $0 * $1 }
    return Results(Tensor([2], [products.elements.reduce(S.zero, +), x[0] * x[1]]))
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let (x, w, dy) = (operands.inputs[0], operands.parameter("weight"), upstream[0])
    var dx = w.map { $0 * dy[0] }
    dx[0] += x[1] * dy[1]
    dx[1] += x[0] * dy[1]
    // ∂y₁/∂x₂ is 0.
    if fault == .oneEntry { dx[2] += dy[1] / 1024 }
    // Only in the second row, so that it is not the first thing that is looked at.
    if fault == .nan, dy[1] != 0 { dx[1] = .nan }
    // Two entries, of which the first has the smaller element and the larger output.
    if fault == .equal {
      dx[2] += dy[0]
      dx[0] += dy[1]
    }
    if fault == .nans { dx[dy[0] != 0 ? 2 : 0] = .nan }
    let dw = x.map { $0 * dy[0] }
    return Gradients(inputs: [dx], parameters: fault == .missing ? [:] : ["weight": dw])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

private func measure(_ fault: SumAndProduct.Fault) throws -> JacobianComparison {
  let layer = try LayerDefinition(SumAndProduct.self).layer(["fault": .integer(fault.rawValue)])
  let operands = Operands(
    inputs: [Tensor([3], [2.0, -3, 5])], parameters: ["weight": Tensor([3], [0.5, 4, -1])])
  return try #require(try JacobianComparison.measure(layer, operands))
}

@Test func `all entries of a right backward pass agree`() throws {
  let comparison = try measure(.none)
  // Two outputs by three inputs and three weights; the largest is ∂y₀/∂w₂ = x₂.
  #expect(comparison.count == 12)
  #expect(comparison.largest == 5)
  #expect(comparison.worst?.difference == 0)
  #expect(comparison.holds())
}

@Test func `a single wrong entry is found at its place`() throws {
  let comparison = try measure(.oneEntry)
  let worst = try #require(comparison.worst)
  #expect(worst.gradient == .inputGradient(0))
  #expect((worst.element, worst.output) == (2, 1))
  #expect(worst.backward == 1.0 / 1024)
  #expect(worst.definition == 0)
  #expect(!comparison.holds())
  // 1/1024 ≤ 1e-3 · 5.
  #expect(comparison.holds(within: 1e-3))
}

@Test(arguments: [SumAndProduct.Fault.missing, .nan])
private func `a gradient that is missing or NaN never holds`(
  _ fault: SumAndProduct.Fault
) throws {
  let comparison = try measure(fault)
  #expect(comparison.count == 12)
  #expect(comparison.worst?.difference.isNaN == true)
  #expect(!comparison.holds(within: .infinity))
}

@Test(arguments: [SumAndProduct.Fault.equal, .nans])
private func `of entries that are equally wrong the first is told`(
  _ fault: SumAndProduct.Fault
) throws {
  let worst = try #require(try measure(fault).worst)
  #expect(worst.gradient == .inputGradient(0))
  #expect((worst.element, worst.output) == (0, 1))
}
