import LayerKit
import Tensors
import Testing

@Test func `Sub by hand`() throws {
  // A row is taken off both rows; its gradient is minus the sum over them.
  let x = Tensor<Double>([2, 2], [1, 2, 3, 4])
  let dy = Tensor<Double>([2, 2], [1, 2, 3, 5])
  let found = try Application("Sub", on: [x, .row(10, 20)], upstream: dy)
  #expect(found.output == [-9, -18, -7, -16])
  #expect(found.gradient(0) == [1, 2, 3, 5])
  #expect(found.gradient(1) == [-4, -7])
}

@Test func `Div of a row by a column`() throws {
  // Computed with torch.div 2.13. For the first column: −(1·1 + 2·(−6) + 3·3)/2² = 0.5.
  let dy = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 6])
  let found = try Application(
    "Div", on: [.row(1, -6, 3), Tensor<Double>([2, 1], [2, -4])], upstream: dy)
  #expect(found.output == [0.5, -3, 1.5, -0.25, 1.5, -0.75])
  #expect(found.gradient(0) == [-0.5, -0.25, 0])
  #expect(found.gradient(1) == [0.5, 0.5])
}

@Test func `Div by zero is what PyTorch makes of it`() throws {
  let found = try Application(
    "Div", on: [.row(1, 0, -2), .row(0, 0, 0)], upstream: .row(1, 1, 1))
  #expect(found.output[0] == .infinity && found.output[1].isNaN && found.output[2] == -.infinity)
  #expect(found.gradient(0) == [.infinity, .infinity, .infinity])
  let db = found.gradient(1)
  #expect(db[0] == -.infinity && db[1].isNaN && db[2] == .infinity)
}

@Test func `the bound of a quotient is a few roundings where nothing is extreme`() throws {
  let layer = try Application.layer("Div")
  let operands = Operands<Double>(inputs: [.row(3), .row(7)], format: .float32)
  let rounding = Rounding(.float32).combined(with: Rounding(.float64))
  let upstream = Tensor<Double>.row(5)
  let expected = [3.0 / 7, 5.0 / 7, 5 * 3.0 / 49]
  let roundings = [1.0, 1, 3]
  let tensors: [ResultTensor] = [.output(0), .inputGradient(0), .inputGradient(1)]
  for (index, tensor) in tensors.enumerated() {
    let question = BoundQuestion(
      tensor, operands: operands, upstream: tensor == .output(0) ? [] : [upstream],
      computed: .row(expected[index]), rounding: rounding)
    guard case .elementwise(let limits) = try layer.bound(question) else {
      Issue.record("no bound of its own")
      continue
    }
    let single = rounding.unit * expected[index]
    #expect(limits[0] >= roundings[index] * single)
    #expect(limits[0] <= 1.02 * roundings[index] * single)
  }
}
