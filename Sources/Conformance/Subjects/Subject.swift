import LayerKit
import Tensors

/// A configured layer with what is needed to try it: operands and upstream gradients on demand.
struct Subject: Sendable {
  let definition: LayerDefinition
  let example: LayerExample
  let layer: AnyLayer

  var signature: Signature { definition.signature }

  /// The examples that must work.
  ///
  /// One that is refused is reported by the check `examples`.
  static func all(of definition: LayerDefinition) -> [Subject] {
    definition.examples.compactMap { example in
      guard example.problem == nil, let layer = try? definition.layer(example.hyperparameters)
      else { return nil }
      return Subject(definition: definition, example: example, layer: layer)
    }
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
    let shapes = operands.inputs.map(\.shape)
    return GradientRequest(
      inputs: Set(
        operands.inputs.indices.filter { signature.hasGradient(ofInput: $0, shapes: shapes) }),
      parameters: Set(operands.parameters.keys))
  }
}
