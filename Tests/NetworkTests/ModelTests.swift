import LayerKit
import Network
import Tensors
import Testing

private func node(_ name: String, _ sources: [Network.Source]) -> Network.Node {
  Network.Node(name: name, layer: .make(Scaled.self), sources: sources)
}

private func weight(_ w: Double) -> Operands<Double> {
  Operands(parameters: ["w": Tensor(scalar: w)])
}

/// Training steps that can be followed on paper.
@Suite struct ModelTests {
  private func descent(_ rate: HyperparameterValue = 1) throws -> AnyOptimizer {
    try #require(OptimizerKind.named("SGD")).optimizer(["lr": rate])
  }

  // y = bax with x = 3, a = 2, b = 5: ∂y/∂a = bx = 15, ∂y/∂b = ax = 6.
  @Test func oneStepDownhill() throws {
    let network = Network([node("a", [.input("x")]), node("b", [.output(node: 0, index: 0)])])
    var model = Model(network, layers: [weight(2), weight(5)], objective: 1)
    let pass = try model.train(on: ["x": Tensor(scalar: 3)], with: descent())
    #expect(pass.outputs.map { $0[0][0] } == [6, 30])
    #expect(pass.upstream.map { $0?[0][0] } == [5, 1])
    #expect(pass.parameterGradients.map { $0["w"]?[0] } == [15, 6])
    #expect(pass.inputGradients[1][0]?[0] == 5)
    #expect(model[ParameterUse(layer: 0, name: "w")]?[0] == -13)
    #expect(model[ParameterUse(layer: 1, name: "w")]?[0] == -1)
  }

  // With b the same parameter as a, y = a²x: ∂y/∂a = 2ax = 12.
  @Test func gradientsOfASharedParameterAreAdded() throws {
    let network = Network([node("a", [.input("x")]), node("b", [.output(node: 0, index: 0)])])
    var model = Model(network, layers: [weight(2), weight(2)], objective: 1)
    let uses = [ParameterUse(layer: 0, name: "w"), ParameterUse(layer: 1, name: "w")]
    model.shared = [uses]
    try model.train(on: ["x": Tensor(scalar: 3)], with: descent())
    #expect(uses.map { model[$0]?[0] } == [-10, -10])
    #expect(model.states[uses[0]]?.step == 1 && model.states[uses[1]] == nil)
  }

  /// A branch that does not reach the objective has no gradient, and its parameter stays.
  @Test func aBranchWithoutObjectiveStays() throws {
    let network = Network([
      node("a", [.input("x")]), node("objective", [.output(node: 0, index: 0)]),
      node("aside", [.output(node: 0, index: 0)]),
    ])
    var model = Model(network, layers: [weight(2), weight(5), weight(7)], objective: 1)
    let pass = try model.train(on: ["x": Tensor(scalar: 3)], with: descent())
    #expect(pass.upstream[2] == nil && pass.parameterGradients[2].isEmpty)
    #expect(pass.parameterGradients[0]["w"]?[0] == 15)
    #expect(model[ParameterUse(layer: 2, name: "w")]?[0] == 7)
  }

  @Test func aMissingInputIsNamed() throws {
    let model = Model(Network([node("a", [.input("x")])]), layers: [weight(2)], objective: 0)
    let problem = #expect(throws: NetworkProblem.self) { try model.forward([:]) }
    #expect(problem?.description == "the layer `a` needs `x`, which nobody has given: give it")
  }

  @Test func buildersNameWhatTheyDoNotKnow() throws {
    var builder = NetworkBuilder(try LayerRegistry([]))
    let problem = #expect(throws: NetworkProblem.self) {
      try builder.add("Scaled", "a", [.input("x")])
    }
    #expect(problem?.layer == "a")
  }

  // J·v and Jᵀ·u of y = wx at w = 2, x = (3, 4).
  @Test func localGradientsInBothDirections() throws {
    var operands = weight(2)
    operands.inputs = [Tensor([2], [3, 4])]
    let local = LocalGradients(.make(Scaled.self), at: operands)
    #expect(local.change(of: .input(0), along: Tensor([2], [1, 10])) == [Tensor([2], [2, 20])])
    #expect(local.change(of: .parameter("w"), along: Tensor(scalar: 1)) == [Tensor([2], [3, 4])])
    let gradients = try local.gradients(of: [Tensor([2], [1, 10])])
    #expect(gradients.inputs == [Tensor([2], [2, 20])])
    #expect(gradients.parameters == ["w": Tensor(scalar: 43)])
  }
}
