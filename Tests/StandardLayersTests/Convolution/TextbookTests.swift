import Conformance
import Kernels
import LayerKit
import StandardLayers
import Tensors
import Testing

// The routes to one result: the definition, unfolding, deconvolution, the transposed loops, and the
// kernels. Data of whole numbers is exact on every route, real data differs by rounding alone.

private let everything = GradientRequest(inputs: [0], parameters: ["weight", "bias"])

/// How far the routes may lie apart.
private func tolerance(_ style: RandomOperands.Style) -> Double { style == .integers ? 0 : 1e-11 }

@Test(arguments: [RandomOperands.Style.integers, .reals])
func `all routes through a convolution agree`(_ style: RandomOperands.Style) throws {
  for seed in 0..<200 as Range<UInt64> {
    let convolution = RandomConvolution(seed: seed)
    let (operands, dy) = convolution.operands(style)
    let layer = try convolution.layer()
    #expect(try layer.outputShapes(operands.shapes) == [dy.shape])
    let (x, w) = (operands.inputs[0], operands.parameter("weight"))
    let y = try layer.double.forward(operands).outputs[0]
    let gradients = try layer.double.backward(operands, [dy], everything)
    let dx = try #require(gradients.inputs[0])
    let dw = try #require(gradients.parameters["weight"])

    let unfolding = Unfolding(convolution.geometry)
    let deconvolution = Deconvolution(convolution.geometry)
    let scattered = Scattering(convolution.geometry).gradients(x, w, dy)
    let routes = [
      ("y, definition", try layer.double.define(operands).outputs[0], y),
      ("y, unfolding", unfolding.forward(x, w, bias: operands.parameters["bias"]), y),
      ("dx, loops", scattered.dx, dx),
      ("dx, unfolding", unfolding.inputGradient(dy, w), dx),
      ("dx, deconvolution", deconvolution.inputGradient(dy, w), dx),
      ("dw, loops", scattered.dw, dw),
      ("dw, unfolding", unfolding.weightGradient(x, dy), dw),
      ("dw, deconvolution", deconvolution.weightGradient(x, dy), dw),
    ]
    for (name, found, expected) in routes {
      #expect(
        found.relativeDifference(from: expected) <= tolerance(style), "\(name), \(convolution)")
    }
  }
}

@Test func `the backward of a random convolution is the adjoint of its definition`() throws {
  for seed in 1_000..<1_200 as Range<UInt64> {
    let convolution = RandomConvolution(seed: seed)
    let (operands, _) = convolution.operands(.reals)
    for identity in try AdjointIdentity.measure(try convolution.layer(), operands, seed: seed) {
      #expect(identity.holds(), "\(identity), \(convolution)")
    }
  }
}

// Dual numbers pass through the textbook routes as well: the derivative of dX in a direction of
// the weights is dX for the direction in place of the weights.
@Test func `the gradients can be differentiated once more`() throws {
  let convolution = RandomConvolution(seed: 5)
  let (operands, dy) = convolution.operands(.reals)
  let w = operands.parameter("weight")
  var random = RandomOperands(seed: 6)
  let direction = random.tensor(w.shape)
  let moved = w.zip(direction) { Dual($0, derivative: $1) }
  let constant = dy.map { Dual($0) }
  let expected = Scattering(convolution.geometry).gradients(operands.inputs[0], direction, dy).dx
  for dx in [
    Unfolding(convolution.geometry).inputGradient(constant, moved),
    Deconvolution(convolution.geometry).inputGradient(constant, moved),
  ] {
    #expect(dx.map(\.derivative).relativeDifference(from: expected) <= 1e-13)
  }
}

// Without the remainder the gradient has too few rows; with it, exactly those of the image.
@Test func `the remainder belongs to the gradient`() throws {
  let example = WorkedConvolution.remainder
  let geometry = try example.geometry()
  #expect(geometry.height.remainder == 1)
  let dilated = ImageOperators.dilated(example.dy, by: (2, 2), appending: (0, 0))
  let padded = ImageOperators.padded(dilated, rows: (1, 1), columns: (1, 1))
  let literal = ImageOperators.correlated(
    padded, ImageOperators.exchanged(ImageOperators.rotated(example.w)))
  #expect(literal == tensor([1, 1, 3, 3], "10 8 -5 22 27 6 15 46 35"))
  #expect(Deconvolution(geometry).inputGradient(example.dy, example.w) == example.dx)
}
