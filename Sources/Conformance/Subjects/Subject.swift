import LayerKit
import Tensors

/// A configured layer with what is needed to try it: operands and upstream gradients on demand.
struct Subject: Sendable {
  let definition: LayerDefinition
  let example: LayerExample
  let layer: AnyLayer
  /// What the backward pass is held against.
  let source: DerivativeSource

  var signature: Signature { definition.signature }

  /// The examples that must work.
  ///
  /// One that is refused is reported by the check `examples`.
  static func all(of definition: LayerDefinition, source: DerivativeSource?) -> [Subject] {
    definition.examples.compactMap { example in
      guard example.problem == nil else { return nil }
      return try? Subject(definition, example, source: source)
    }
  }

  /// A layer of the kind, configured as in an example.
  ///
  /// Without a `source` the backward pass is held against the best derivative that the layer
  /// offers. Throws `InvalidHyperparameters`.
  init(
    _ definition: LayerDefinition, _ example: LayerExample, source: DerivativeSource? = nil
  ) throws {
    self.definition = definition
    self.example = example
    layer = try definition.layer(example.hyperparameters)
    self.source = source ?? layer.derivativeSource
  }

  /// The examples that must be refused.
  static func refused(of definition: LayerDefinition) -> [LayerExample] {
    definition.examples.filter { $0.problem != nil }
  }

  /// Random operands of the example.
  func operands(
    seed: UInt64, style: RandomOperands.Style = .reals, format: NumberFormat = .float64
  ) -> Operands<Double> {
    var random = RandomOperands(seed: seed, style: style, format: format)
    return random.operands(for: example, of: signature)
  }

  /// A random upstream gradient for each output.
  func upstream(
    _ operands: Operands<Double>, seed: UInt64, style: RandomOperands.Style = .reals
  ) throws -> [Tensor<Double>] {
    var random = RandomOperands(seed: ~seed, style: style, format: operands.format)
    return try layer.outputShapes(operands.shapes).map { random.tensor($0) }
  }

  /// The inputs and parameters that have a gradient.
  func gradients(of operands: Operands<Double>) -> GradientRequest {
    signature.gradients(of: operands)
  }
}

extension Signature {
  /// The inputs and parameters that have a gradient.
  func gradients(of operands: Operands<Double>) -> GradientRequest {
    let shapes = operands.inputs.map(\.shape)
    return GradientRequest(
      inputs: Set(operands.inputs.indices.filter { hasGradient(ofInput: $0, shapes: shapes) }),
      parameters: Set(operands.parameters.keys))
  }
}

extension GradientRequest {
  /// The gradients by name, in a fixed order.
  var tensors: [ResultTensor] {
    inputs.sorted().map { .inputGradient($0) } + parameters.sorted().map { .parameterGradient($0) }
  }
}

extension Subject {
  /// Whether the layer takes the shapes of its example, and values that are drawn for them.
  var isComputable: Bool {
    guard let shapes = try? layer.outputShapes(example.shapes),
      shapes.allSatisfy({ $0.count < 1 << 20 })
    else { return false }
    return (try? layer.double.checkValues(operands(seed: 1))) != nil
  }
}
