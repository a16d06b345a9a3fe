import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

/// The gradient of a pool whose window 4 slides by 1, added up in a format of 16 bits as PyTorch
/// does: what a cell holds is rounded after each window.
private func addedShort(
  _ upstream: Tensor<Double>, cells: Int, divisor: Double, _ format: NumberFormat
) -> [Double] {
  var dx = [Double](repeating: 0, count: cells)
  for window in 0..<upstream.count {
    let share = format.rounded(upstream[window] / divisor)
    for cell in window..<window + 4 { dx[cell] = format.rounded(dx[cell] + share) }
  }
  return dx
}

@Test(arguments: [("SumPool1d", 1.0), ("AvgPool1d", 4)], [NumberFormat.float16, .bfloat16])
func `a gradient of 16 bits may be rounded with every window`(
  _ pool: (kind: String, divisor: Double), _ format: NumberFormat
) throws {
  let layer = try Application.layer(pool.kind, ["kernel_size": 4, "stride": 1])
  let rounding = Rounding(format).combined(with: Rounding(.float64))
  var worst = 0.0
  for seed in 0..<40 as Range<UInt64> {
    var random = RandomOperands(seed: seed, format: format)
    let operands = Operands(inputs: [random.tensor([1, 1, 30])], format: format)
    let upstream = random.tensor([1, 1, 27])
    let gradients = try layer.double.backward(
      operands, [upstream], GradientRequest(inputs: [0], parameters: []))
    let exact = try #require(gradients.inputs[0])
    let bound = try layer.bound(
      BoundQuestion(
        .inputGradient(0), operands: operands, upstream: [upstream], computed: exact,
        rounding: rounding))
    let short = addedShort(upstream, cells: 30, divisor: pool.divisor, format)
    let ratio = BoundChecks.worstRatio(Tensor(exact.shape, short), exact, bound, rounding)
    #expect(ratio <= 1, "seed \(seed)")
    worst = max(worst, ratio)
  }
  #expect(worst > 0.1)
}
