import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

private let kinds: Set<String> = [
  "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d",
]
private let examples = Example.valid.filter { kinds.contains($0.definition.signature.kind) }

@Test(arguments: 1...3)
func `a random convolution is its definition, and its backward the adjoint`(
  _ axes: Int
) throws {
  for seed in 2_000..<2_100 as Range<UInt64> {
    let convolution = RandomConvolution(seed: seed, axes: axes)
    let (operands, dy) = convolution.operands(.integers)
    let layer = try convolution.layer()
    #expect(
      try layer.double.forward(operands).outputs == layer.double.define(operands).outputs,
      "\(convolution)")
    for identity in try AdjointIdentity.measure(layer, operands, seed: seed) {
      #expect(identity.holds(within: 1e-14), "\(identity), \(convolution)")
    }
    var exchanged = operands
    exchanged.inputs = [dy]
    exchanged.parameters["bias"] = nil
    let transposed = try convolution.transposed()
    for identity in try AdjointIdentity.measure(transposed, exchanged, seed: seed) {
      #expect(identity.holds(within: 1e-14), "\(identity), transposed, \(convolution)")
    }
  }
}

// Where all roundings go one way the bound is attained up to a small factor.
@Test(arguments: kinds.sorted())
func `the bound of a sum of equal numbers is not far from its error`(_ kind: String) throws {
  var worst = 0.0
  for example in examples where example.definition.signature.kind == kind {
    let layer = try example.layer()
    for seed in 0..<10 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      func constant(_ shape: Shape) -> Tensor<Double> {
        Tensor(shape, repeating: NumberFormat.float32.rounded(random.real(between: 1, and: 2)))
      }
      let shapes = example.example.shapes
      let operands = Operands(
        inputs: shapes.inputs.map(constant), parameters: shapes.parameters.mapValues(constant),
        format: .float32)
      let upstream = try layer.double.forward(operands).outputs.map { constant($0.shape) }
      for comparison in try PrecisionComparison.measure(layer, operands, upstream: upstream) {
        #expect(comparison.ratio <= 1, "\(example.example.name), \(comparison.tensor)")
        worst = max(worst, comparison.ratio)
      }
    }
  }
  #expect(worst > 0.2)
}
