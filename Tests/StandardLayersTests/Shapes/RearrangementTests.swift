import LayerKit
import Tensors
import Testing

// Expected values follow from the formulas, worked out in the comments.

/// 0, 1, 2, … in a shape.
private func counting(_ shape: Shape) -> Tensor<Double> {
  Tensor(shape, (0..<shape.count).map { Double($0) })
}

@Test func `Permute by hand`() throws {
  // y[k, i, j] = x[i, j, k]: the 2 × 2 × 3 numbers column by column.
  let x = counting([2, 2, 3])
  let found = try Application(
    "Permute", ["dims": [2, 0, 1]], on: [x], upstream: counting([3, 2, 2]))
  #expect(found.output == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
  // dx[i, j, k] = dy[k, i, j] = 4k + 2i + j.
  #expect(found.gradient() == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
}

@Test func `Transpose by hand`() throws {
  let found = try Application(
    "Transpose", ["dim0": 0, "dim1": -1], on: [counting([2, 3])], upstream: counting([3, 2]))
  #expect(found.output == [0, 3, 1, 4, 2, 5])
  #expect(found.gradient() == [0, 2, 4, 1, 3, 5])
}

@Test func `PixelShuffle by hand`() throws {
  // Four channels of one row of two cells: row p of the result alternates channels 2p and 2p + 1.
  let x = counting([1, 4, 1, 2])
  let found = try Application(
    "PixelShuffle", ["upscale_factor": 2], on: [x], upstream: counting([1, 1, 2, 4]))
  #expect(found.output == [0, 2, 1, 3, 4, 6, 5, 7])
  #expect(found.gradient() == [0, 2, 1, 3, 4, 6, 5, 7])
}

@Test func `PixelUnshuffle undoes PixelShuffle`() throws {
  let x = counting([2, 8, 3, 2])
  let shuffled = try Application(
    "PixelShuffle", ["upscale_factor": 2], on: [x], upstream: counting([2, 2, 6, 4])
  ).outputs[0]
  let found = try Application(
    "PixelUnshuffle", ["downscale_factor": 2], on: [shuffled], upstream: x)
  #expect(found.outputs[0] == x)
  #expect(found.gradients[0] == shuffled)
}

@Test func `ChannelShuffle by hand`() throws {
  // Groups (0, 1, 2) and (3, 4, 5) are dealt out in turn.
  let x = counting([1, 6, 1])
  let found = try Application("ChannelShuffle", ["groups": 2], on: [x], upstream: x)
  #expect(found.output == [0, 3, 1, 4, 2, 5])
  #expect(found.gradient() == [0, 2, 4, 1, 3, 5])
}

@Test(
  arguments: [
    ([1, 3, 1], nil, [3]), ([1, 3, 1], 0, [3, 1]), ([1, 3, 1], 1, [1, 3, 1]),
    ([1, 3, 1], [-1, 0], [3]), ([1, 3, 1], "none", [3]), ([1, 1], nil, []), ([], -1, []),
  ] as [(Shape, HyperparameterValue?, Shape)])
func `Squeeze removes axes of length 1`(
  _ input: Shape, _ dimensions: HyperparameterValue?, _ output: Shape
) throws {
  let layer = try Application.layer("Squeeze", dimensions.map { ["dim": $0] } ?? [:])
  #expect(try layer.outputShapes(OperandShapes(inputs: [input])) == [output])
}

@Test(
  arguments: [
    ([2, 3], 0, [1, 2, 3]), ([2, 3], 1, [2, 1, 3]), ([2, 3], -1, [2, 3, 1]), ([], -1, [1]),
  ] as [(Shape, Int, Shape)])
func `Unsqueeze inserts an axis`(_ input: Shape, _ dimension: Int, _ output: Shape) throws {
  let layer = try Application.layer("Unsqueeze", ["dim": .integer(dimension)])
  #expect(try layer.outputShapes(OperandShapes(inputs: [input])) == [output])
}

@Test func `Parameter is its own output`() throws {
  let layer = try Application.layer("Parameter")
  let operands = Operands<Double>(inputs: [], parameters: ["value": .row(1, 2)])
  #expect(try layer.outputShapes(operands.shapes) == [[2]])
  #expect(try layer.double.forward(operands).outputs == [.row(1, 2)])
  let gradients = try layer.double.backward(
    operands, [.row(3, 4)], GradientRequest(inputs: [], parameters: ["value"]))
  #expect(gradients.inputs.isEmpty)
  #expect(gradients.parameters == ["value": .row(3, 4)])
}
