import LayerKit
import RealModule
import Tensors
import Testing

// With x = ln 3 the exponential is a whole number: e^x = 3.

@Test func `Sigmoid by hand`() throws {
  // σ(ln 3) = 3/4, σ′ = 3/4·1/4 = 3/16; σ(0) = 1/2, σ′ = 1/4; σ(−ln 3) = 1/4, σ′ = 3/16.
  let x = Tensor.row(Double.log(3), 0, -Double.log(3))
  let found = try Application("Sigmoid", on: [x], upstream: .row(16, 8, 32))
  expect(found.output, near: [0.75, 0.5, 0.25])
  expect(found.gradient(), near: [3, 2, 6])
}

@Test func `Sigmoid neither overflows nor loses small values`() throws {
  // σ(−700) = e^−700 to the last digits; σ(±∞) are 0 and 1 with the slope 0.
  let x = Tensor.row(-700, .infinity, -.infinity, 1_000, -1_000)
  let found = try Application("Sigmoid", on: [x], upstream: .row(1, 1, 1, 1, 1))
  expect([found.output[0] / Double.exp(-700)], near: [1])
  #expect(Array(found.output[1...]) == [1, 0, 1, 0])
  expect([found.gradient()[0] / Double.exp(-700)], near: [1])
  #expect(Array(found.gradient()[1...]) == [0, 0, 0, 0])
}

@Test func `Tanh by hand`() throws {
  // tanh(ln 3) = (9 − 1)/(9 + 1) = 4/5, tanh′ = 1 − 16/25 = 9/25; tanh(0) = 0, tanh′ = 1.
  let x = Tensor.row(Double.log(3), 0, -Double.log(3))
  let found = try Application("Tanh", on: [x], upstream: .row(25, 7, 50))
  expect(found.output, near: [0.8, 0, -0.8])
  expect(found.gradient(), near: [9, 7, 18])
}

@Test func `SiLU by hand`() throws {
  // x = ln 3, σ = 3/4: y = ¾·x, y′ = σ(1 + x(1 − σ)) = ¾(1 + x/4) = ¾ + 3x/16.
  // x = 0: y = 0, y′ = ½.
  let l = Double.log(3)
  let found = try Application("SiLU", ["inplace": false], on: [.row(l, 0)], upstream: .row(16, 8))
  expect(found.output, near: [0.75 * l, 0])
  expect(found.gradient(), near: [12 + 3 * l, 4])
}

@Test func `SiLU of a large number is that number, of a very negative one 0`() throws {
  let found = try Application("SiLU", on: [.row(1e30, -1e30)], upstream: .row(3, 3))
  #expect(found.output == [1e30, 0])
  #expect(found.gradient() == [3, 0])
}

/// Expects numbers to agree to a few units in the last place.
private func expect(
  _ found: [Double], near expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  for (found, expected) in zip(found, expected) {
    let error = (found - expected).magnitude
    #expect(error <= 0x1p-50 * expected.magnitude, sourceLocation: sourceLocation)
  }
}
