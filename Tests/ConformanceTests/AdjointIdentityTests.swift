import Conformance
import Kernels
import LayerKit
import Tensors
import Testing

/// y = w·x² elementwise, with a fault of choice in its backward pass.
private struct Square: Layer {
  enum Fault: Int, CaseIterable { case none, factor, forgotten, missing, nan, zero }

  static let signature = Signature(kind: "test.Square", parameters: [.init("weight")])
  static let examples: [LayerExample] = []

  let fault: Fault

  init(_ hyperparameters: inout HyperparameterReader) {
    fault = Fault(rawValue: hyperparameters.integer("fault", in: 0...5)) ?? .none
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { [operands.inputs[0]] }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let w = operands.parameters["weight"] ?? Tensor(scalar: .zero)
    return Results(w.zip(operands.inputs[0]) { $0 * $1 * $1 })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let x = operands.inputs[0]
    let w = operands.parameters["weight"] ?? Tensor(scalar: .zero)
    let two: S = fault == .factor ? 1 : 2
    let dw = upstream[0].zip(x) { $0 * $1 * $1 }
    var dx = upstream[0].zip(x) { two * $0 * $1 }.zip(w) { $0 * $1 }
    if fault == .nan { dx[0] = .nan }
    if fault == .zero { dx = dx.map { _ in 0 } }
    if fault == .forgotten { dx[dx.count - 1] = 0 }
    return Gradients(inputs: [dx], parameters: fault == .missing ? [:] : ["weight": dw])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

private func measure(_ fault: Square.Fault, count: Int) throws -> [AdjointIdentity] {
  let layer = try LayerDefinition(Square.self).layer(["fault": .integer(fault.rawValue)])
  let shapes = OperandShapes(inputs: [[count]], parameters: ["weight": [count]])
  var random = RandomOperands(seed: 1)
  return try AdjointIdentity.measure(
    layer, random.operands(shapes, of: layer.signature), seed: 2)
}

@Test(arguments: [5, 100])
func `a right backward satisfies the identity to rounding`(count: Int) throws {
  let measured = try measure(.none, count: count)
  #expect(measured.map(\.gradient) == [.inputGradient(0), .parameterGradient("weight")])
  for identity in measured { #expect(identity.holds(), "\(identity)") }
}

@Test(arguments: [Square.Fault.factor, .forgotten, .nan, .zero], [5, 100])
private func `a wrong input gradient is found, and only that`(
  fault: Square.Fault, count: Int
) throws {
  let measured = try measure(fault, count: count)
  #expect(!measured[0].holds(), "\(measured[0])")
  #expect(measured[1].holds(), "\(measured[1])")
}

@Test func `a parameter gradient that is left out fails`() throws {
  let measured = try measure(.missing, count: 5)
  #expect(measured[0].holds())
  #expect(!measured[1].holds())
}

@Test func `the basis locates a wrong element`() throws {
  #expect(try measure(.forgotten, count: 5)[0].direction == .element(4))
}
