import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

// Bounds that follow from formulas could be infinite, or grow from operation to operation, without
// breaking any other test.
@Test(arguments: Example.valid.filter { $0.definition.signature.traits.contains(.loss) })
func `the bound of a loss says something about ordinary data`(_ example: Example) throws {
  let layer = try example.layer()
  let rounding = Rounding(.float32).combined(with: Rounding(.float64))
  for seed in 0..<4 as Range<UInt64> {
    var random = RandomOperands(seed: 40 + seed, format: .float32)
    let operands = random.operands(for: example.example, of: example.definition.signature)
    let output = try layer.double.forward(operands).outputs[0]
    let upstream = [random.tensor(output.shape)]
    let inputs = Set(operands.inputs.indices)
    let gradients = try layer.double.backward(
      operands, upstream, GradientRequest(inputs: inputs, parameters: [])
    ).inputs
    var results: [(ResultTensor, Tensor<Double>)] = [(.output(0), output)]
    for (input, gradient) in gradients.enumerated() {
      if let gradient { results.append((.inputGradient(input), gradient)) }
    }
    for (tensor, computed) in results {
      let bound = try layer.bound(
        BoundQuestion(
          tensor, operands: operands, upstream: upstream, computed: computed, rounding: rounding))
      #expect(isTight(bound, computed, rounding), "\(tensor), seed \(seed)")
    }
  }
}

/// Whether every limit is a small multiple of the rounding of the largest number.
private func isTight(
  _ bound: ErrorBound, _ computed: Tensor<Double>, _ rounding: Rounding
) -> Bool {
  let largest = computed.elements.reduce(1) { max($0, $1.magnitude) }
  switch bound {
  case .exact: return true
  case .accumulated(let terms, let magnitude, _):
    return magnitude.elements(0..<computed.count)
      .allSatisfy { rounding.gamma(terms) * $0 <= 300 * rounding.unit * largest }
  case .measured: return false
  case .elementwise(let limits):
    return limits.elements.allSatisfy { $0 <= 300 * rounding.unit * largest }
  }
}
