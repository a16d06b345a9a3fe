import LayerKit
import RealModule
import Tensors
import Testing

// With x = −ln 2 the exponential is ½.

@Test func `ELU by hand`() throws {
  // α = 3: 3(½ − 1) = −1.5 and 3·½·dy = 1.5·dy; at 0 the slope is α.
  let found = try Application(
    "ELU", ["alpha": 3], on: [.row(-Double.log(2), 0, 2)], upstream: .row(2, 5, 7))
  expect(found.output, near: [-1.5, 0, 2])
  expect(found.gradient(), near: [3, 15, 7])
}

@Test func `CELU by hand`() throws {
  // α = 2, x = −2·ln 2: 2(½ − 1) = −1 and ½·dy; at 0 the slope is 1 for every α.
  let found = try Application(
    "CELU", ["alpha": 2], on: [.row(-2 * Double.log(2), 0, 2)], upstream: .row(2, 5, 7))
  expect(found.output, near: [-1, 0, 2])
  expect(found.gradient(), near: [1, 5, 7])
  #expect(try Application.layer("CELU", ["alpha": 2]).kinks.isEmpty)
}

@Test func `SELU by hand`() throws {
  // s·α = 1.7580993408473766; at 0 the slope is s·α, above it s.
  let found = try Application(
    "SELU", on: [.row(-Double.log(2), 0, 2)], upstream: .row(2, 1, 1))
  let (scale, product) = (1.0507009873554805, 1.7580993408473766)
  expect(found.output, near: [-product / 2, 0, 2 * scale])
  expect(found.gradient(), near: [product, product, scale])
}

@Test(arguments: ["ELU", "CELU", "SELU"])
func `small numbers keep their digits and large ones do not overflow`(_ kind: String) throws {
  let found = try Application(
    kind, on: [.row(-1e-30, -1e4, 1e300)], upstream: .row(1, 1, 1))
  let slope = found.gradient()[0]
  expect(found.output.map { $0 / slope }, near: [-1e-30, -1, found.output[2] / slope])
  #expect(found.gradient()[1] == 0)
  #expect(found.output[2].isFinite)
}

@Test func `only an ELU whose α is not 1 has a kink`() throws {
  #expect(try Application.layer("ELU").kinks.isEmpty)
  #expect(try Application.layer("ELU", ["alpha": 3]).kinks == [.point(input: 0, slope: 3)])
}

@Test func `GELU has the values of PyTorch`() throws {
  // torch.nn.GELU()(x) and its derivative in double precision, torch 2.13.
  let x = Tensor.row(-3, -0.5, 0, 1, 2.5)
  let found = try Application("GELU", on: [x], upstream: .row(1, 1, 1, 1, 1))
  let output = [
    -0.00404969409489031, -0.15426876936299344, 0.0, 0.841344746068543, 2.4844758366855597,
  ]
  let gradient = [
    -0.01194564720418392, 0.13250487534383712, 0.5, 1.0833154705876864, 1.037611085908145,
  ]
  expect(found.output, near: output, within: 1e-14)
  expect(found.gradient(), near: gradient, within: 1e-14)
}

@Test func `GELU by a hyperbolic tangent has the values of PyTorch`() throws {
  // torch.nn.GELU("tanh")(x) and its derivative in double precision, torch 2.13.
  let x = Tensor.row(-3, -0.5, 0, 1, 2.5)
  let found = try Application(
    "GELU", ["approximate": "tanh"], on: [x], upstream: .row(1, 1, 1, 1, 1))
  let output = [
    -0.0036373920817729943, -0.15428599017485606, 0.0, 0.8411919906082768, 2.484915733910001,
  ]
  let gradient = [
    -0.011584166630969648, 0.13263009646535764, 0.5, 1.0829640838457826, 1.037951576212666,
  ]
  expect(found.output, near: output, within: 1e-14)
  expect(found.gradient(), near: gradient, within: 1e-14)
}

@Test(arguments: ["none", "tanh"])
func `GELU of huge numbers is a rectified linear unit`(_ approximate: String) throws {
  let found = try Application(
    "GELU", ["approximate": .text(approximate)], on: [.row(1e200, -1e200)], upstream: .row(3, 3))
  #expect(found.output == [1e200, 0])
  #expect(found.gradient() == [3, 0])
}

@Test func `Softplus by hand`() throws {
  // x = ln 3: ln(1 + 3) = ln 4, σ = ¾. β = 2, x = ln √3: ln(4)/2, σ = ¾.
  let l = Double.log(3)
  let one = try Application("Softplus", on: [.row(l, -l)], upstream: .row(4, 4))
  expect(one.output, near: [Double.log(4), Double.log(4) - l])
  expect(one.gradient(), near: [3, 1])
  let two = try Application("Softplus", ["beta": 2], on: [.row(l / 2)], upstream: .row(4))
  expect(two.output, near: [Double.log(4) / 2])
  expect(two.gradient(), near: [3])
}

@Test func `Softplus is the identity above the threshold and not at it`() throws {
  // β = 2, threshold 1: at x = ½ the product is 1, which is not above.
  let next = 0.5.nextUp
  let found = try Application(
    "Softplus", ["beta": 2, "threshold": 1], on: [.row(0.5, next)], upstream: .row(1, 1))
  let e = Double.exp(1)
  expect(found.output, near: [Double.log(1 + e) / 2, next])
  expect(found.gradient(), near: [e / (1 + e), 1])
}

@Test func `Softplus, LogSigmoid and Mish do not overflow`() throws {
  let x = Tensor.row(-800, 800, 1e300)
  let ones = Tensor.row(1, 1, 1)
  let softplus = try Application("Softplus", ["threshold": 1e308], on: [x], upstream: ones)
  #expect(softplus.output == [0, 800, 1e300])
  #expect(softplus.gradient() == [0, 1, 1])
  let logSigmoid = try Application("LogSigmoid", on: [x], upstream: ones)
  #expect(logSigmoid.output == [-800, 0, 0])
  #expect(logSigmoid.gradient() == [1, 0, 0])
  let mish = try Application("Mish", on: [x], upstream: ones)
  #expect(mish.output == [0, 800, 1e300])
  #expect(mish.gradient() == [0, 1, 1])
}

@Test func `LogSigmoid by hand`() throws {
  // ln σ(ln 3) = ln ¾ with the slope ¼; ln σ(0) = −ln 2 with the slope ½.
  let found = try Application("LogSigmoid", on: [.row(Double.log(3), 0)], upstream: .row(4, 4))
  expect(found.output, near: [Double.log(0.75), -Double.log(2)])
  expect(found.gradient(), near: [1, 2])
}

@Test func `Mish by hand`() throws {
  // x = ln 2: a = 1 + 2 = 3, t = (9 − 1)/(9 + 1) = 4/5, σ = 2/3, 1 − t² = 9/25:
  // y = 4/5·x, y′ = 4/5 + x·2/3·9/25 = 4/5 + 6x/25. x = 0: t = 3/5, y′ = 3/5.
  let x = Double.log(2)
  let found = try Application("Mish", on: [.row(x, 0, -x)], upstream: .row(25, 5, 1))
  // x = −ln 2: a = 3/2, t = (9/4 − 1)/(9/4 + 1) = 5/13, σ = 1/3, 1 − t² = 144/169.
  expect(found.output, near: [0.8 * x, 0, -5 * x / 13])
  expect(found.gradient(), near: [20 + 6 * x, 3, 5.0 / 13 - x * 48 / 169])
}

@Test func `Softsign and Tanhshrink by hand`() throws {
  // 3/4 and 1/16; −1/2 and 1/4. x = ln 3: tanh = 4/5, x − 4/5 and 16/25.
  let softsign = try Application("Softsign", on: [.row(3, -1, 0)], upstream: .row(16, 4, 1))
  #expect(softsign.output == [0.75, -0.5, 0])
  #expect(softsign.gradient() == [1, 1, 1])
  let x = Double.log(3)
  let tanhshrink = try Application("Tanhshrink", on: [.row(x, 0)], upstream: .row(25, 1))
  expect(tanhshrink.output, near: [x - 0.8, 0])
  expect(tanhshrink.gradient(), near: [16, 0])
}

@Test func `the square of Softsign's denominator does not overflow`() throws {
  let found = try Application("Softsign", on: [.row(-1e200)], upstream: .row(1e300))
  expect(found.gradient(), near: [1e-100])
}

@Test func `GLU by hand`() throws {
  // Gates ln 3 and 0: σ = ¾ with the slope 3/16, ½ with ¼. a = 4, 6 → y = 3, 3.
  // da = dy·σ = 12, 5; db = dy·a·σ′ = 16·4·3/16, 10·6·¼.
  let x = Tensor<Double>([1, 4], [4, 6, Double.log(3), 0])
  let found = try Application("GLU", on: [x], upstream: Tensor<Double>([1, 2], [16, 10]))
  expect(found.output, near: [3, 3])
  expect(found.gradient(), near: [12, 5, 12, 15])
}

@Test func `GLU halves the axis that is named`() throws {
  let x = Tensor<Double>([2, 4], (0..<8).map { Double($0) - 3 })
  let dy = Tensor<Double>([2, 2], [1, 2, 3, 5])
  let rows = try Application("GLU", ["dim": 1], on: [x], upstream: dy)
  let columns = try Application(
    "GLU", ["dim": -2], on: [x.permuted([1, 0])], upstream: dy.permuted([1, 0]))
  #expect(columns.outputs[0].permuted([1, 0]) == rows.outputs[0])
  #expect(columns.gradients[0]?.permuted([1, 0]) == rows.gradients[0])
}

/// Expects numbers to agree to a few units in the last place.
private func expect(
  _ found: [Double], near expected: [Double], within tolerance: Double = 0x1p-50,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  for (found, expected) in zip(found, expected) {
    let error = (found - expected).magnitude
    #expect(error <= tolerance * max(1e-30, expected.magnitude), sourceLocation: sourceLocation)
  }
}
