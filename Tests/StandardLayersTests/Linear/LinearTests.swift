import LayerKit
import StandardLayers
import Tensors
import Testing

// With samples as columns: Z = W·A, dA = Wᵀ·dZ, dW = dZ·Aᵀ, db = Σ over columns of dZ. Here samples
// are rows, so X = Aᵀ, dY = dZᵀ and dX = dAᵀ.
@Test func `a linear map by hand`() throws {
  let layer = try LayerDefinition(Linear.self).layer([:])
  let operands = Operands(
    inputs: [tensor([3, 2], "1 4  2 5  3 6")],
    parameters: [
      "weight": tensor([4, 2], "1 2  0 -1  3 1  1 1"), "bias": tensor([4], "0 0 0 10"),
    ])
  // Row 1: 1·1 + 2·4, −4, 3·1 + 4, 1 + 4 + 10.
  #expect(
    try layer.double.forward(operands).outputs
      == [tensor([3, 4], "9 -4 7 15  12 -5 11 17  15 -6 15 19")])
  let dy = tensor([3, 4], "1 0 2 1  -1 3 2 0  2 1 -5 0")
  let gradients = try layer.double.backward(
    operands, [dy], GradientRequest(inputs: [0], parameters: ["weight", "bias"]))
  #expect(gradients.inputs == [tensor([3, 2], "8 5  5 -3  -13 -2")])
  #expect(gradients.parameters["weight"] == tensor([4, 2], "5 11  9 21  -9 -12  1 4"))
  #expect(gradients.parameters["bias"] == tensor([4], "2 4 -1 1"))
}
