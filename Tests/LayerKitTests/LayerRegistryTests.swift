import Kernels
import LayerKit
import Tensors
import Testing

/// A layer that differs from another by its name alone.
private protocol Named: Layer { static var kind: String { get } }

extension Named {
  static var signature: Signature { Signature(kind: kind) }
  static var examples: [LayerExample] { [] }
  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }
  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> { Results(operands.inputs[0]) }
  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> { Gradients(input: upstream[0]) }
  func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}

private struct Swish: Named {
  static let kind = "Swish"
  init(_ hyperparameters: inout HyperparameterReader) {}
}

private struct AcmeSwish: Named {
  static let kind = "acme.Swish"
  init(_ hyperparameters: inout HyperparameterReader) {}
}

private enum Standard: Plugin {
  static let name = "standard"
  static let layers = [LayerDefinition(Slope.self), LayerDefinition(Swish.self)]
}

private enum Acme: Plugin {
  static let name = "acme"
  static let layers = [LayerDefinition(AcmeSwish.self)]
}

private enum Imitator: Plugin {
  static let name = "acme"
  static let layers = [LayerDefinition(AcmeSwish.self)]
}

private enum Bare: Plugin {
  static let name = "bare"
  static let layers = [LayerDefinition(Swish.self)]
}

private enum Twice: Plugin {
  static let name = "twice"
  static let layers = [LayerDefinition(Swish.self), LayerDefinition(Swish.self)]
}

@Test func `kinds are found under their names`() throws {
  let registry = try LayerRegistry([Standard.self, Acme.self])
  #expect(registry.kinds == ["Slope", "Swish", "acme.Swish"])
  #expect(registry["acme.Swish"]?.signature.kind == "acme.Swish")
  #expect(registry["swish"] == nil)
  #expect(registry.owner(of: "Swish") == "standard")
  #expect(registry.owner(of: "acme.Swish") == "acme")
  #expect(registry.owner(of: "nothing") == nil)
  #expect(try LayerRegistry([]).kinds == [])
}

@Test func `an unknown kind has a closest one`() throws {
  let registry = try LayerRegistry([Standard.self, Acme.self])
  #expect(registry.closestKind(to: "swish") == "Swish")
  #expect(registry.closestKind(to: "Slopes") == "Slope")
  #expect(registry.closestKind(to: "Convolution") == nil)
}

@Test func `a kind that is registered twice names both owners`() {
  #expect(throws: RegistryError.duplicate(kind: "acme.Swish", owners: ["acme", "acme"])) {
    try LayerRegistry([Standard.self, Acme.self, Imitator.self])
  }
  #expect(throws: RegistryError.duplicate(kind: "Swish", owners: ["twice", "twice"])) {
    try LayerRegistry([Twice.self])
  }
}

@Test func `a kind of a plug-in carries its prefix`() {
  #expect(throws: RegistryError.missingPrefix(kind: "Swish", plugin: "bare")) {
    try LayerRegistry([Standard.self, Bare.self])
  }
}

@Test func `registry errors name the facts`() {
  let duplicate = RegistryError.duplicate(kind: "acme.Swish", owners: ["acme", "other"])
  for fact in ["acme.Swish", "acme", "other"] { #expect("\(duplicate)".contains(fact)) }
  let missing = RegistryError.missingPrefix(kind: "Swish", plugin: "bare")
  #expect("\(missing)".contains("bare.Swish"))
}

@Test func `a definition tells everything that is wrong`() throws {
  let definition = LayerDefinition(Slope.self)
  #expect(definition.signature.kind == "Slope")
  #expect(definition.examples.map(\.name) == ["one axis"])
  var problems: [LayerProblem] = []
  do {
    _ = try definition.layer(["factor": "x", "axes": 4, "axis": 1, "inplace": true])
  } catch {
    problems = error.problems
  }
  #expect(
    problems == [
      .wrongType(hyperparameter: "factor", expected: "a number", found: "x"),
      .outOfRange(hyperparameter: "axes", allowed: "0 to 3", found: 4),
      .unknownHyperparameter("axis", closest: "axes"),
    ])
}
