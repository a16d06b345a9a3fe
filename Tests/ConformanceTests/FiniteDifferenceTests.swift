import Conformance
import Kernels
import LayerKit
import Tensors
import Testing

/// y = f(x) elementwise, f of choice.
private struct Function: Layer {
  enum Kind: Int { case sine, kink, jump, constant, steep, slopeOff }

  static let signature = Signature(kind: "test.Function", traits: .elementwise)
  static let examples: [LayerExample] = []

  let kind: Kind

  init(_ hyperparameters: inout HyperparameterReader) {
    kind = Kind(rawValue: hyperparameters.integer("kind", in: 0...5)) ?? .sine
  }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(
      operands.inputs[0].map { x in
        switch kind {
        case .sine, .slopeOff: S.tanh(x) + x * x * x
        case .kink: S.magnitude(x)
        case .jump: S(x.value.rounded(.down))
        case .constant: S(0.1)
        case .steep: S.exp(S(8) * x)
        }
      })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(
      input: operands.inputs[0].zip(upstream[0]) { x, dy in
        switch kind {
        case .sine: dy * (1 - S.tanh(x) * S.tanh(x) + 3 * x * x)
        case .slopeOff: dy * (1 - S.tanh(x) * S.tanh(x) + 3 * x * x) * (1 + 1e-8)
        case .kink: x < 0 ? -dy : dy
        case .jump, .constant: 0
        case .steep: 8 * S.exp(8 * x) * dy
        }
      })
  }

  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

private func measure(_ kind: Function.Kind, at x: [Double]) throws -> AdjointIdentity {
  let layer = try LayerDefinition(Function.self).layer(["kind": .integer(kind.rawValue)])
  let operands = Operands<Double>(inputs: [Tensor([x.count], x)])
  let measured = try AdjointIdentity.measure(layer, operands, seed: 3, source: .differences)
  return try #require(measured.first)
}

@Test(arguments: [Function.Kind.sine, .kink, .constant, .steep])
private func `a right gradient passes, and every direction is decided`(
  kind: Function.Kind
) throws {
  let identity = try measure(kind, at: [-1.5, -0.02, 0.3, 1.75])
  #expect(identity.holds(within: 1e-12), "\(identity)")
  #expect(identity.directions == 4)
  #expect(identity.undecided == 0)
  #expect(identity.uncertainty <= 1e-8 * max(1, identity.scale))
}

@Test func `an error of one in a hundred million is found`() throws {
  let identity = try measure(.slopeOff, at: [-1.5, -0.02, 0.3, 1.75])
  #expect(!identity.holds(within: 1e-12), "\(identity)")
}

@Test func `a kink is left out and counted`() throws {
  let identity = try measure(.kink, at: [-1.5, 0, 0.3, 1.75])
  #expect(identity.holds(within: 1e-12), "\(identity)")
  #expect(identity.undecided == 1)
}

@Test func `a layer of which nothing can be told does not pass`() throws {
  let identity = try measure(.jump, at: [-1, 0, 1, 0.5])
  #expect(identity.undecided == 3)
  #expect(!identity.holds(within: 1e-12))
  #expect("\(identity)".contains("3 of 4 directions"))
}

@Test func `a NaN never passes`() throws {
  let identity = try measure(.sine, at: [-1.5, .nan, 0.3])
  #expect(!identity.holds(within: 1e-12))
}
