import LayerKit
import StandardLayers
import Tensors
import Testing

/// One example of one standard kind, as an argument of a test.
struct Example: CustomTestStringConvertible, Sendable {
  let definition: LayerDefinition
  let example: LayerExample

  var testDescription: String { "\(definition.signature.kind): \(example.name)" }

  /// The examples that must be accepted.
  static let valid = all.filter { $0.example.problem == nil }
  /// The examples that must be refused.
  static let refused = all.filter { $0.example.problem != nil }

  private static let all = StandardLayers.layers.flatMap { definition in
    definition.examples.map { Example(definition: definition, example: $0) }
  }

  /// The configured layer.
  func layer() throws -> AnyLayer { try definition.layer(example.hyperparameters) }
}
