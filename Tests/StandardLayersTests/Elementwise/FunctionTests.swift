import LayerKit
import RealModule
import Tensors
import Testing

@Test func `Scale, Shift and Neg by hand`() throws {
  let x = Tensor.row(-2, 0, 5)
  let dy = Tensor.row(1, 2, 3)
  let scale = try Application("Scale", ["factor": -3], on: [x], upstream: dy)
  #expect(scale.output == [6, 0, -15])
  #expect(scale.gradient() == [-3, -6, -9])
  let shift = try Application("Shift", ["offset": 0.5], on: [x], upstream: dy)
  #expect(shift.output == [-1.5, 0.5, 5.5])
  #expect(shift.gradient() == [1, 2, 3])
  let neg = try Application("Neg", on: [x], upstream: dy)
  #expect(neg.output == [2, 0, -5])
  #expect(neg.gradient() == [-1, -2, -3])
}

@Test(arguments: NumberFormat.allCases)
func `a constant is rounded before it is used`(_ format: NumberFormat) throws {
  // A tenth is no binary fraction.
  let tenth = format.rounded(0.1)
  let found = try [
    Configuration("Scale", ["factor": 0.1]).applied(
      to: [.row(1)], format: format, upstream: .row(1)),
    Configuration("Shift", ["offset": 0.1]).applied(
      to: [.row(0)], format: format, upstream: .row(1)),
    Configuration("Clip", ["max": 0.1]).applied(
      to: [.row(1)], format: format, upstream: .row(1)),
    Configuration("Power", ["exponent": 0.1]).applied(
      to: [.row(2)], format: format, upstream: .row(1)),
    Configuration("Threshold", ["threshold": 1, "value": 0.1]).applied(
      to: [.row(0)], format: format, upstream: .row(1)),
  ]
  #expect(found.map(\.output) == [[tenth], [tenth], [tenth], [Double.pow(2, tenth)], [tenth]])
}

@Test func `Clip passes the gradient at its limits`() throws {
  let x = Tensor.row(-3, -1, 0.5, 2, 3)
  let dy = Tensor.row(2, 3, 5, 7, 11)
  let both = try Application("Clip", ["min": -1, "max": 2], on: [x], upstream: dy)
  #expect(both.output == [-1, -1, 0.5, 2, 2])
  #expect(both.gradient() == [0, 3, 5, 7, 0])
  let lower = try Application("Clip", ["min": -1], on: [x], upstream: dy)
  #expect(lower.output == [-1, -1, 0.5, 2, 3])
  #expect(lower.gradient() == [0, 3, 5, 7, 11])
  let upper = try Application("Clip", ["max": 2], on: [x], upstream: dy)
  #expect(upper.output == [-3, -1, 0.5, 2, 2])
  #expect(upper.gradient() == [2, 3, 5, 7, 0])
}

@Test func `where the limits of Clip cross or meet`() throws {
  // As torch.clamp: the upper limit wins, and with min = max the gradient passes there alone.
  let x = Tensor.row(-2, -1, 1, 2)
  let dy = Tensor.row(2, 3, 5, 7)
  let crossed = try Application("Clip", ["min": 1, "max": -1], on: [x], upstream: dy)
  #expect(crossed.output == [-1, -1, -1, -1])
  #expect(crossed.gradient() == [0, 0, 0, 0])
  let equal = try Application("Clip", ["min": 1, "max": 1], on: [x], upstream: dy)
  #expect(equal.output == [1, 1, 1, 1])
  #expect(equal.gradient() == [0, 0, 5, 0])
}

@Test func `Abs has no slope at 0`() throws {
  let found = try Application("Abs", on: [.row(-2, 0, -0.0, 5)], upstream: .row(2, 3, 5, 7))
  #expect(found.output == [2, 0, 0, 5])
  #expect(found.gradient() == [-2, 0, 0, 7])
}

@Test func `Exp, Log and Sqrt by hand`() throws {
  // e^ln 3 = 3; ln 1 = 0 with the slope 1, 1/4 at 4; √9 = 3 with the slope 1/6.
  let exp = try Application("Exp", on: [.row(0, Double.log(3))], upstream: .row(5, 2))
  #expect(exp.output[0] == 1)
  #expect((exp.output[1] - 3).magnitude <= 0x1p-50)
  #expect((exp.gradient()[1] - 6).magnitude <= 0x1p-49)
  let log = try Application("Log", on: [.row(1, 4)], upstream: .row(5, 2))
  #expect(log.output == [0, Double.log(4)])
  #expect(log.gradient() == [5, 0.5])
  let sqrt = try Application("Sqrt", on: [.row(9, 0.25)], upstream: .row(12, 5))
  #expect(sqrt.output == [3, 0.5])
  #expect(sqrt.gradient() == [2, 5])
}

@Test func `outside their domain Log and Sqrt do what PyTorch does`() throws {
  let log = try Application("Log", on: [.row(0, -1)], upstream: .row(1, 1))
  #expect(log.output[0] == -.infinity)
  #expect(log.output[1].isNaN)
  #expect(log.gradient() == [.infinity, -1])
  let sqrt = try Application("Sqrt", on: [.row(0, -1)], upstream: .row(1, 1))
  #expect(sqrt.output[0] == 0)
  #expect(sqrt.output[1].isNaN)
  #expect(sqrt.gradient()[0] == .infinity)
  #expect(sqrt.gradient()[1].isNaN)
}

/// What torch.pow(x, p) and its derivative are at x, torch 2.13; NaN as nil.
private struct PowerCase: Sendable {
  let exponent: Double
  let x: Double
  let value: Double?
  let slope: Double?
}

@Test(arguments: [
  PowerCase(exponent: 0, x: 0, value: 1, slope: 0),
  PowerCase(exponent: 0, x: .nan, value: 1, slope: 0),
  PowerCase(exponent: 0, x: -2, value: 1, slope: 0),
  PowerCase(exponent: 1, x: 0, value: 0, slope: 1),
  PowerCase(exponent: 1, x: .nan, value: nil, slope: 1),
  PowerCase(exponent: 2, x: 0, value: 0, slope: 0),
  PowerCase(exponent: 2, x: -3, value: 9, slope: -6),
  PowerCase(exponent: 2, x: .nan, value: nil, slope: nil),
  PowerCase(exponent: 3, x: -2, value: -8, slope: 12),
  PowerCase(exponent: 0.5, x: 0, value: 0, slope: .infinity),
  PowerCase(exponent: 0.5, x: 4, value: 2, slope: 0.25),
  PowerCase(exponent: 0.5, x: -4, value: nil, slope: nil),
  PowerCase(exponent: -1, x: 0, value: .infinity, slope: -.infinity),
  PowerCase(exponent: -1, x: -0.0, value: -.infinity, slope: -.infinity),
  PowerCase(exponent: -1, x: -2, value: -0.5, slope: -0.25),
  PowerCase(exponent: -2, x: 0, value: .infinity, slope: -.infinity),
  PowerCase(exponent: -2, x: -2, value: 0.25, slope: 0.25),
  PowerCase(exponent: 1.5, x: 0, value: 0, slope: 0),
  PowerCase(exponent: 1.5, x: -1, value: nil, slope: nil),
])
private func `Power does what PyTorch does`(_ power: PowerCase) throws {
  let found = try Application(
    "Power", ["exponent": .real(power.exponent)], on: [.row(power.x)], upstream: .row(1))
  #expect(found.output[0].isNaN ? power.value == nil : found.output[0] == power.value)
  #expect(found.gradient()[0].isNaN ? power.slope == nil : found.gradient()[0] == power.slope)
}
