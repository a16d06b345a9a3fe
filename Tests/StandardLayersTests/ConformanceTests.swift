import Conformance
import LayerKit
import StandardLayers
import Testing

/// A kind as an argument of a test.
struct Kind: CustomTestStringConvertible, Sendable {
  let definition: LayerDefinition

  var testDescription: String { definition.signature.kind }

  static let all = StandardLayers.layers.map { Kind(definition: $0) }
}

@Test(arguments: Kind.all)
func `every standard kind conforms`(_ kind: Kind) throws {
  try ConformanceKit.check(kind.definition)
}
