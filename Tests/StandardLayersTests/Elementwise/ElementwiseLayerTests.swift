import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

/// The kinds that the elementwise mechanism carries.
private let kinds = [
  "Identity", "LeakyReLU", "ReLU", "ReLU6", "Sigmoid", "SiLU", "Tanh",
]

@Test(arguments: kinds)
func `NaN stays NaN`(_ kind: String) throws {
  let x = Tensor.row(1, .nan, -1)
  let found = try Application(kind, on: [x], upstream: .row(1, 1, 1))
  #expect(found.output.map(\.isNaN) == [false, true, false])
}

@Test(arguments: kinds)
func `at a kink the backward gives the slope that is declared`(_ kind: String) throws {
  for kink in try Application.layer(kind).kinks {
    guard case .point(let input, let slope) = kink else {
      Issue.record("\(kind) declares \(kink)")
      continue
    }
    let found = try Application(kind, on: [.row(input)], upstream: .row(4))
    #expect(found.gradient() == [4 * slope])
  }
}

@Test(arguments: kinds)
func `around a declared kink the derivative jumps, and elsewhere it does not`(
  _ kind: String
) throws {
  let layer = try Application.layer(kind)
  func slope(_ x: Double) throws -> Double {
    try Application(kind, on: [.row(x)], upstream: .row(1)).gradient()[0]
  }
  let kinks = layer.kinks.compactMap { kink -> Double? in
    if case .point(let input, _) = kink { input } else { nil }
  }
  for x in [-3, -1, 0, 0.5, 3, 6, 7] {
    let jump = try (slope(x + 1e-9) - slope(x - 1e-9)).magnitude
    #expect(kinks.contains(x) == (jump > 0.5), "at \(x) the derivative jumps by \(jump)")
  }
}

@Test(arguments: kinds)
func `several blocks on several threads give the bits of one`(_ kind: String) throws {
  let layer = try Application.layer(kind)
  var random = RandomOperands(seed: 11)
  let x = random.tensor([3, Parallel.blockSize - 5])
  let upstream = random.tensor(x.shape)
  let operands = Operands(inputs: [x])
  let wanted = GradientRequest(inputs: [0], parameters: [])
  let output = layer.double.forward(operands).outputs[0]
  #expect(output == layer.double.define(operands).outputs[0])
  let gradient = try #require(layer.double.backward(operands, [upstream], wanted).inputs[0])
  // The same elements one short piece at a time: no block, no thread.
  for start in stride(from: 0, to: x.count, by: 9_973) {
    let piece = start..<min(x.count, start + 7)
    let part = try Application(
      kind, on: [Tensor<Double>([piece.count], Array(x.elements[piece]))],
      upstream: Tensor<Double>([piece.count], Array(upstream.elements[piece])))
    #expect(part.output == Array(output.elements[piece]))
    #expect(part.gradient() == Array(gradient.elements[piece]))
  }
}

@Test(arguments: kinds)
func `a gradient that nobody wants is not computed`(_ kind: String) throws {
  let layer = try Application.layer(kind)
  let nothing = GradientRequest(inputs: [], parameters: [])
  let x = Tensor.row(1, 2)
  let gradients = layer.double.backward(Operands(inputs: [x]), [x], nothing)
  #expect(gradients.inputs.count == 1)
  if kind != "Identity" { #expect(gradients.inputs[0] == nil) }
}
