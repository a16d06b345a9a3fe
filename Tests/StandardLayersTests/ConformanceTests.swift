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

/// Kinds that, like PyTorch's, hold back a part of their derivative on purpose.
///
/// A row of padding, a clamped variance or norm, the softmax before the labels: no difference can
/// know of that.
private let holdingBack: Set = ["CTCLoss", "CosineSimilarity", "Embedding", "GaussianNLLLoss"]

// Dual numbers are exact, so this judges the differences: what other kinds have to rely on.
@Test(arguments: Kind.all)
func `differences tell the derivatives of every standard kind`(_ kind: Kind) {
  let adjoint = ConformanceCheck.all.filter { $0.id == "adjoint" }
  let report = ConformanceKit.report(
    on: kind.definition, checks: adjoint, derivatives: .differences)
  let agrees = report.results.allSatisfy(\.failures.isEmpty)
  #expect(agrees != holdingBack.contains(kind.testDescription), "\(report)")
}
