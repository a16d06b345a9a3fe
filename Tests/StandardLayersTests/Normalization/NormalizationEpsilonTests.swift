import LayerKit
import StandardLayers
import Tensors
import Testing

private func output(
  _ kind: String, _ hyperparameters: [String: HyperparameterValue],
  _ operands: Operands<Double>
) throws -> [Double] {
  try Application.layer(kind, hyperparameters).double.forward(operands).outputs[0].elements
}

// x = 2⁻¹² alone: y = x/√(x² + ε), and ε = 2⁻²³ is 2x².
@Test func `the epsilon of RMSNorm is that of the reference's input, in the twin too`() throws {
  let x = tensor([1, 1], "0.000244140625")
  for format in [NumberFormat.float32, .float64] {
    let operands = Operands(inputs: [x], format: format, inputFormat: .float32)
    #expect(try output("RMSNorm", ["normalized_shape": 1], operands) == [1 / 3.0.squareRoot()])
  }
  let double = Operands(inputs: [x])
  let y = try output("RMSNorm", ["normalized_shape": 1], double)
  #expect((y[0] - 1).magnitude < 1e-8)
}

// Frameworks compute statistics of 16-bit tensors in single precision, where 1e-8 is not 0.
@Test func `a small epsilon does not vanish in 16 bits`() throws {
  let operands = Operands(inputs: [tensor([1, 2], "5 5")], format: .float16)
  let y = try output("LayerNorm", ["normalized_shape": 2, "eps": 1e-8], operands)
  #expect(y == [0, 0])
}

// A constant group and ε = 0: x̂ = 0/0. torch.nn.InstanceNorm has a rule of its own.
@Test(arguments: [("InstanceNorm1d", true), ("GroupNorm", false), ("LayerNorm", false)])
func `a constant group without an epsilon`(_ kind: String, _ isZero: Bool) throws {
  let operands = Operands(inputs: [tensor([1, 1, 3], "5 5 5")])
  let sizes: [String: HyperparameterValue] =
    switch kind {
    case "GroupNorm": ["num_groups": 1]
    case "LayerNorm": ["normalized_shape": 3]
    default: [:]
    }
  let y = try output(kind, sizes.merging(["eps": 0]) { $1 }, operands)
  #expect(y.allSatisfy { isZero ? $0 == 0 : $0.isNaN })
}

@Test(arguments: ["LayerNorm", "RMSNorm"])
func `a NaN spoils its own group and no other`(_ kind: String) throws {
  let x = Tensor([2, 2], [1, .nan, 3, 4.0])
  let y = try output(kind, ["normalized_shape": 2], Operands(inputs: [x]))
  #expect(y[..<2].allSatisfy { $0.isNaN })
  #expect(y[2...].allSatisfy { $0.isFinite })
}

// Deviations of ¼ around 10⁴ drown in half precision: there no result has a bound.
@Test(arguments: ["GroupNorm", "InstanceNorm1d", "LayerNorm"])
func `a variance that drowns has no bound in any kind`(_ kind: String) throws {
  let sizes: [String: HyperparameterValue] =
    switch kind {
    case "GroupNorm": ["num_groups": 1]
    case "LayerNorm": ["normalized_shape": 4]
    default: [:]
    }
  let layer = try Application.layer(kind, sizes)
  let x = Tensor([1, 1, 4], [10_000, 10_000.25, 10_000.5, 10_000.75])
  let operands = Operands(inputs: [x])
  let y = try layer.double.forward(operands).outputs[0]
  let tensors: [ResultTensor] = [.output(0), .inputGradient(0)]
  for tensor in tensors {
    for (format, isBounded) in [(NumberFormat.float16, false), (.float64, true)] {
      let question = BoundQuestion(
        tensor, operands: operands, upstream: [y], computed: y, rounding: Rounding(format))
      guard case .elementwise(let limits) = try layer.bound(question) else {
        Issue.record("each element has a bound of its own")
        continue
      }
      #expect(limits.elements.allSatisfy { $0.isFinite == isBounded && $0 > 0 })
    }
  }
}
