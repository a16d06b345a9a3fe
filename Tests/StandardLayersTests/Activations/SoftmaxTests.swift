import LayerKit
import RealModule
import Tensors
import Testing

// Logits ln 1, ln 2, ln 5: the exponentials are 1, 2, 5 and add up to 8.

private let logits = [0, Double.log(2), Double.log(5)]

@Test func `Softmax by hand`() throws {
  // p = (1, 2, 5)/8. With dy = (8, 0, 16): ⟨p, dy⟩ = 1 + 10 = 11 and
  // dx = p·(dy − 11) = (−3/8, −22/8, 25/8), which adds up to 0.
  let x = Tensor<Double>([1, 3], logits)
  let found = try Application(
    "Softmax", ["dim": 1], on: [x], upstream: Tensor<Double>([1, 3], [8, 0, 16]))
  expect(found.output, near: [0.125, 0.25, 0.625])
  expect(found.gradient(), near: [-0.375, -2.75, 3.125])
}

@Test func `LogSoftmax by hand`() throws {
  // y = ln(1, 2, 5) − ln 8. With dy = (1, −2, 9): Σdy = 8 and
  // dx = dy − p·8 = (1 − 1, −2 − 2, 9 − 5) = (0, −4, 4).
  let x = Tensor<Double>([1, 3], logits)
  let found = try Application(
    "LogSoftmax", ["dim": -1], on: [x], upstream: Tensor<Double>([1, 3], [1, -2, 9]))
  expect(found.output, near: logits.map { $0 - Double.log(8) })
  expect(found.gradient(), near: [0, -4, 4])
}

@Test(arguments: ["Softmax", "LogSoftmax", "Softmin"])
func `a row that lies along another axis gives the same numbers`(_ kind: String) throws {
  // The rows of a [2, 3] tensor, and the columns of its transpose.
  let x = Tensor<Double>([2, 3], logits + [3, -1, 0.5])
  let dy = Tensor<Double>([2, 3], [1, 2, 3, 5, 8, 13])
  let rows = try Application(kind, ["dim": 1], on: [x], upstream: dy)
  let columns = try Application(
    kind, ["dim": 0], on: [x.permuted([1, 0])], upstream: dy.permuted([1, 0]))
  #expect(columns.outputs[0].permuted([1, 0]) == rows.outputs[0])
  #expect(columns.gradients[0]?.permuted([1, 0]) == rows.gradients[0])
}

@Test(arguments: ["Softmax", "LogSoftmax", "Softmin"])
func `large logits do not overflow, and −∞ has no probability`(_ kind: String) throws {
  let x = Tensor.row(1e300, 1e300, -.infinity).map { kind == "Softmin" ? -$0 : $0 }
  let found = try Application(kind, ["dim": 0], on: [x], upstream: .row(1, 0, 0))
  let half = kind == "LogSoftmax" ? -Double.log(2) : 0.5
  expect(Array(found.output[..<2]), near: [half, half])
  #expect(found.output[2] == (kind == "LogSoftmax" ? -.infinity : 0))
}

@Test(arguments: ["Softmax", "LogSoftmax", "Softmin"])
func `a NaN makes its row NaN and no other`(_ kind: String) throws {
  let x = Tensor<Double>([2, 2], [1, .nan, 1, 1])
  let found = try Application(kind, ["dim": 1], on: [x], upstream: x)
  #expect(found.output.map(\.isNaN) == [true, true, false, false])
}

@Test(arguments: ["Softmax", "LogSoftmax", "Softmin"])
func `a tensor without elements stays one`(_ kind: String) throws {
  let x = Tensor<Double>([2, 0, 3], [Double]())
  let found = try Application(kind, ["dim": 1], on: [x], upstream: x)
  #expect(found.outputs[0] == x)
  #expect(found.gradients[0] == x)
}

@Test func `Softmin is the softmax of the negated numbers`() throws {
  // p = (1, 1/2, 1/5)/(17/10) = (10, 5, 2)/17. With dy = (17, 0, 0): ⟨p, dy⟩ = 10 and
  // dx = −p·(dy − 10) = (−70, 50, 20)/17.
  let x = Tensor<Double>([1, 3], logits)
  let found = try Application(
    "Softmin", ["dim": 1], on: [x], upstream: Tensor<Double>([1, 3], [17, 0, 0]))
  expect(found.output, near: [10.0 / 17, 5.0 / 17, 2.0 / 17])
  expect(found.gradient(), near: [-70.0 / 17, 50.0 / 17, 20.0 / 17])
}

@Test(arguments: [[1, 3, 2, 1], [3, 2, 1]] as [Shape])
func `Softmax2d runs over the channels with and without a batch`(_ shape: Shape) throws {
  // Two pixels, (ln 1, ln 2, ln 5) and (0, 0, 0).
  let x = Tensor<Double>(shape, [logits[0], 0, logits[1], 0, logits[2], 0])
  let found = try Application("Softmax2d", on: [x], upstream: x)
  let third = 1.0 / 3
  expect(found.output, near: [0.125, third, 0.25, third, 0.625, third])
}

@Test(arguments: ["Softmax", "LogSoftmax", "Softmin"])
func `without an axis PyTorch's choice holds`(_ kind: String) throws {
  let shapes: [(Shape, HyperparameterValue)] = [
    ([4], 0), ([2, 3], 1), ([2, 3, 4], 0), ([2, 3, 2, 2], 1), ([2, 3, 2, 1, 2], 1),
  ]
  for (shape, axis) in shapes {
    let x = Tensor<Double>(shape, (0..<shape.count).map { Double($0 * 7 % 5) })
    let named = try Application(kind, ["dim": axis], on: [x], upstream: x)
    for hyperparameters in [[:], ["dim": "none"]] as [[String: HyperparameterValue]] {
      let found = try Application(kind, hyperparameters, on: [x], upstream: x)
      #expect(found.outputs == named.outputs)
      #expect(found.gradients == named.gradients)
    }
  }
}

/// Expects numbers to agree to a few units in the last place of a number near 1.
private func expect(
  _ found: [Double], near expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  for (found, expected) in zip(found, expected) {
    #expect((found - expected).magnitude <= 0x1p-49, sourceLocation: sourceLocation)
  }
}
