import LayerKit
import StandardLayers
import Tensors
import Testing

private let weights = GradientRequest(inputs: [0], parameters: ["weight", "bias"])

private func padded(
  _ mode: String, x: Tensor<Double>, w: Tensor<Double>, dy: Tensor<Double>,
  padding: HyperparameterValue
) throws -> (y: Tensor<Double>, gradients: Gradients<Double>) {
  let layer = try LayerDefinition(Conv2d.self).layer([
    "padding": padding, "padding_mode": .text(mode),
  ])
  let operands = Operands(inputs: [x], parameters: ["weight": w])
  return (
    try layer.double.forward(operands).outputs[0],
    try layer.double.backward(operands, [dy], weights)
  )
}

// x = 1 2 3 with two more on the left and one on the right, filter [1 10]:
//   reflect    3 2 | 1 2 3 | 2:  y = 23 12 21 32 23
//   replicate  1 1 | 1 2 3 | 3:  y = 11 11 21 32 33
//   circular   2 3 | 1 2 3 | 1:  y = 32 13 21 32 13
// The gradient of the extended image for dy = 1 0 0 0 2 is 1 10 0 0 2 20; each cell's copies add:
//   reflect    cell 1: 0, cell 2: 10 + 0 + 20, cell 3: 1 + 2
//   replicate  cell 1: 1 + 10 + 0, cell 2: 0, cell 3: 2 + 20
//   circular   cell 1: 0 + 20, cell 2: 1 + 0, cell 3: 10 + 2
@Test(arguments: [
  ("reflect", "23 12 21 32 23", "0 30 3"), ("replicate", "11 11 21 32 33", "11 0 22"),
  ("circular", "32 13 21 32 13", "20 1 12"),
])
func `padding modes by hand`(_ mode: String, _ y: String, _ dx: String) throws {
  let result = try padded(
    mode, x: tensor([1, 1, 1, 3], "1 2 3"), w: tensor([1, 1, 1, 2], "1 10"),
    dy: tensor([1, 1, 1, 5], "1 0 0 0 2"), padding: [0, 2, 0, 1])
  #expect(result.y == tensor([1, 1, 1, 5], y))
  #expect(result.gradients.inputs[0] == tensor([1, 1, 1, 3], dx))
}

// Two groups of one channel: y[0] = 2·x[0], y[1] = 3·x[1]; no filter sees the other channel.
@Test func `groups by hand`() throws {
  let layer = try LayerDefinition(Conv2d.self).layer(["groups": 2])
  let operands = Operands(
    inputs: [tensor([1, 2, 1, 2], "1 5 7 11")],
    parameters: ["weight": tensor([2, 1, 1, 1], "2 3"), "bias": tensor([2], "100 200")])
  #expect(try layer.double.forward(operands).outputs == [tensor([1, 2, 1, 2], "102 110 221 233")])
  let gradients = try layer.double.backward(operands, [tensor([1, 2, 1, 2], "1 2 3 4")], weights)
  // dx = w·dy; dw[0] = 1·1 + 2·5, dw[1] = 3·7 + 4·11; db = 1 + 2, 3 + 4.
  #expect(gradients.inputs == [tensor([1, 2, 1, 2], "2 4 9 12")])
  #expect(gradients.parameters["weight"] == tensor([2, 1, 1, 1], "11 65"))
  #expect(gradients.parameters["bias"] == tensor([2], "3 7"))
}

// Kernel 2: one more cell in all, and it stands at the end.
@Test func `same padding stands at the end`() throws {
  let layer = try LayerDefinition(Conv2d.self).layer(["padding": "same"])
  let operands = Operands(
    inputs: [tensor([1, 1, 1, 3], "1 2 3")],
    parameters: ["weight": tensor([1, 1, 1, 2], "1 10")])
  #expect(try layer.double.forward(operands).outputs == [tensor([1, 1, 1, 3], "21 32 3")])
}
