import Diagnosis
import Discrepancy
import Kernels
import LayerKit
import Tensors
import Testing

@Suite struct ProofTests {
  /// y = 2x with a known mistake: 3x.
  private func evidence(suspect: [Double]) throws -> Evidence {
    let layer = try LayerDefinition(Doubling.self).layer([:])
    return Evidence(
      .output(0), suspect: Tensor([4], suspect), computed: Tensor([4], [2, 4, -6, 8]),
      operands: Operands(inputs: [Tensor([4], [1, 2, -3, 4])]), upstream: [], layer: layer,
      rounding: Rounding(.float32).combined(with: Rounding(.float64)))
  }

  private func causes(_ suspect: [Double]) throws -> [String] {
    let formats = ComparisonFormats(ours: .float64, reference: .float32)
    let tolerance = Tolerance(
      .sum(terms: 1, magnitude: Tensor([4], [2, 4, 6, 8])), formats)
    return try Diagnostician(evidence(suspect: suspect), tolerance: tolerance).causes().map(\.id)
  }

  @Test func aPredictionThatFitsIsNamed() throws {
    #expect(try causes([3, 6, -9, 12]) == ["test.tripled"])
  }

  @Test func aPredictionThatAlmostFitsIsNot() throws {
    #expect(try causes([3, 6, -9, 12.001]) == [])
  }

  @Test func nothingIsProvenByNaN() throws {
    #expect(try causes([3, 6, -9, .nan]) == ["not-finite"])
  }

  @Test func aMistakeThatChangesNothingExplainsNothing() throws {
    #expect(try causes([2, 4, -6, 8]) == [])
  }
}

/// y = 2x.
private struct Doubling: Layer {
  static let signature = Signature(kind: "test.Doubling")
  static let examples: [LayerExample] = []

  init(_ hyperparameters: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.inputs[0].map { $0 + $0 })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(input: upstream[0].map { $0 + $0 })
  }

  func bound(_ question: BoundQuestion) -> ErrorBound {
    .sum(terms: 1, magnitude: magnitude(question))
  }

  var causes: [Cause] {
    [
      Cause("test.tripled", advice: "multiply by 2, not by 3") { evidence in
        [Prediction(evidence.computed, times: 1.5)]
      },
      Cause("test.nothing", advice: "nothing") { [Prediction($0.computed, times: 1)] },
    ]
  }
}
