import LayerKit
import Tensors
import Testing

@Test(
  arguments: [
    ([:], [], [21]), (["dims": 0], [3], [5, 7, 9]), (["dims": -1], [2], [6, 15]),
    (["dims": 1, "keepdim": true], [2, 1], [6, 15]), (["dims": [1, 0]], [], [21]),
    (["keepdim": 1], [1, 1], [21]), (["dims": []], [], [21]),
  ] as [([String: HyperparameterValue], Shape, [Double])])
func `Sum and Mean of two rows`(
  _ hyperparameters: [String: HyperparameterValue], _ shape: Shape, _ sums: [Double]
) throws {
  let x = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 6])
  let terms = Double(x.count / sums.count)
  let upstream = Tensor(shape, sums.map { 2 * $0 })
  let sum = try Application("Sum", hyperparameters, on: [x], upstream: upstream)
  #expect(sum.output == sums)
  let mean = try Application("Mean", hyperparameters, on: [x], upstream: upstream)
  #expect(mean.output == sums.map { $0 / terms })
  // Every element has the gradient of its sum.
  for i in 0..<2 {
    for j in 0..<3 {
      let share = sums.count == 1 ? sums[0] : sums.count == 2 ? sums[i] : sums[j]
      #expect(sum.gradients[0]?[i, j] == 2 * share)
      #expect(mean.gradients[0]?[i, j] == 2 * share / terms)
    }
  }
}

@Test func `the sum of nothing is 0, and its mean is NaN`() throws {
  let empty = Tensor<Double>([0, 2], [])
  let upstream = Tensor<Double>.row(1, 1)
  let sum = try Application("Sum", ["dims": 0], on: [empty], upstream: upstream)
  #expect(sum.output == [0, 0])
  let mean = try Application("Mean", ["dims": 0], on: [empty], upstream: upstream)
  #expect(mean.output.map(\.isNaN) == [true, true])
  #expect(mean.gradients[0] == empty)
}

@Test func `NaN makes the sum of its row NaN and no other`() throws {
  let x = Tensor<Double>([2, 2], [1, .nan, 3, 4])
  let found = try Application("Sum", ["dims": 1], on: [x], upstream: .row(1, 1))
  #expect(found.output[0].isNaN && found.output[1] == 7)
}
