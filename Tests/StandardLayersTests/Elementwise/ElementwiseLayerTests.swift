import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

/// The kinds that the elementwise mechanism carries.
private let kinds = [
  Configuration("Abs"), Configuration("CELU", ["alpha": 2]), Configuration("Clip", ["min": -1]),
  Configuration("Clip", ["min": -1, "max": 6]), Configuration("ELU"),
  Configuration("ELU", ["alpha": 2.5]), Configuration("Exp"), Configuration("GELU"),
  Configuration("GELU", ["approximate": "tanh"]), Configuration("Hardshrink"),
  Configuration("Hardsigmoid"), Configuration("Hardswish"), Configuration("Hardtanh"),
  Configuration("Identity"), Configuration("LeakyReLU"), Configuration("Log"),
  Configuration("LogSigmoid"), Configuration("Mish"), Configuration("Neg"),
  Configuration("Power", ["exponent": 3]), Configuration("ReLU"),
  Configuration("ReLU6"), Configuration("SELU"), Configuration("Scale", ["factor": -3]),
  Configuration("Shift", ["offset": 3]), Configuration("SiLU"), Configuration("Sigmoid"),
  Configuration("Softplus", ["beta": 2, "threshold": 1]), Configuration("Softshrink"),
  Configuration("Softsign"), Configuration("Sqrt"), Configuration("Tanh"),
  Configuration("Tanhshrink"), Configuration("Threshold", ["threshold": 0.5, "value": 7]),
]

@Test(arguments: kinds)
func `NaN stays NaN`(_ kind: Configuration) throws {
  let x = Tensor.row(1, .nan, 2)
  let found = try kind.applied(to: [x], upstream: .row(1, 1, 1))
  #expect(found.output.map(\.isNaN) == [false, true, false])
}

@Test(arguments: kinds)
func `at a kink the backward gives the slope that is declared`(_ kind: Configuration) throws {
  for kink in try kind.layer().kinks {
    guard case .point(let input, let slope) = kink else {
      Issue.record("\(kind.testDescription) declares \(kink)")
      continue
    }
    let found = try kind.applied(to: [.row(input)], upstream: .row(4))
    #expect(found.gradient() == [4 * slope])
  }
}

@Test(arguments: kinds)
func `around a declared kink the derivative jumps, and elsewhere it does not`(
  _ kind: Configuration
) throws {
  let layer = try kind.layer()
  func slope(_ x: Double) throws -> Double {
    try kind.applied(to: [.row(x)], upstream: .row(1)).gradient()[0]
  }
  let kinks = layer.kinks.compactMap { kink -> Double? in
    if case .point(let input, _) = kink { input } else { nil }
  }
  // A logarithm and a root have no derivative at 0 and below.
  let needsPositive = layer.signature.inputs[0].content == .positiveNumbers
  for x in [-3, -1, -0.5, 0, 0.5, 1, 3, 6, 7] where x > 0 || !needsPositive {
    let jump = try (slope(x + 1e-9) - slope(x - 1e-9)).magnitude
    #expect(kinks.contains(x) == (jump > 0.1), "at \(x) the derivative jumps by \(jump)")
  }
}

/// The kinds whose functions kernels compute, which differ from the system's library in the last places.
private let computedByKernels: Set<String> = [
  "CELU", "ELU", "Exp", "GELU", "LogSigmoid", "Mish", "SELU", "SiLU", "Sigmoid", "Softplus", "Tanh",
]

/// How far outputs may lie from the definition's: by the layer's own bound, or not at all.
private func limits(
  _ layer: AnyLayer, _ operands: Operands<Double>, _ output: Tensor<Double>
) throws -> [Double] {
  guard computedByKernels.contains(layer.signature.kind) else {
    return [Double](repeating: 0, count: output.count)
  }
  let bound = try layer.bound(
    BoundQuestion(
      .output(0), operands: operands, upstream: [], computed: output,
      rounding: Rounding(.float64).combined(with: Rounding(.float64))))
  guard case .elementwise(let limits) = bound else {
    Issue.record("not bounded element by element: \(bound)")
    return []
  }
  return limits.elements
}

@Test(arguments: kinds)
func `several blocks on several threads give the bits of one`(_ kind: Configuration) throws {
  let layer = try kind.layer()
  var random = RandomOperands(seed: 11)
  let x = random.tensor([3, Parallel.blockSize - 5], layer.signature.inputs[0].content)
  let upstream = random.tensor(x.shape)
  let operands = Operands(inputs: [x])
  let wanted = GradientRequest(inputs: [0], parameters: [])
  let output = try layer.double.forward(operands).outputs[0]
  let defined = try layer.double.define(operands).outputs[0]
  let limits = try limits(layer, operands, output)
  #expect(
    zip(zip(output.elements, defined.elements), limits).allSatisfy { values, limit in
      values.0 == values.1 || (values.0 - values.1).magnitude <= limit
    })
  let gradient = try #require(layer.double.backward(operands, [upstream], wanted).inputs[0])
  // The same elements one short piece at a time: no block, no thread.
  for start in stride(from: 0, to: x.count, by: 9_973) {
    let piece = start..<min(x.count, start + 7)
    let part = try kind.applied(
      to: [Tensor<Double>([piece.count], Array(x.elements[piece]))],
      upstream: Tensor<Double>([piece.count], Array(upstream.elements[piece])))
    #expect(part.output == Array(output.elements[piece]))
    #expect(part.gradient() == Array(gradient.elements[piece]))
  }
}

@Test(arguments: kinds)
func `a gradient that nobody wants is not computed`(_ kind: Configuration) throws {
  let layer = try kind.layer()
  let nothing = GradientRequest(inputs: [], parameters: [])
  let x = Tensor.row(1, 2)
  let gradients = try layer.double.backward(Operands(inputs: [x]), [x], nothing)
  #expect(gradients.inputs.count == 1)
  if kind.kind != "Identity" { #expect(gradients.inputs[0] == nil) }
}
