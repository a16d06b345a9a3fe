import LayerKit
import Tensors
import Testing

@Test func `Flatten by hand`() throws {
  // Channel 1, row 0, column 1 of an image of 2×2×2 becomes number (1·2 + 0)·2 + 1 = 5.
  let x = Tensor<Double>([1, 2, 2, 2], (0..<8).map { Double($0) })
  let found = try Application("Flatten", on: [x], upstream: Tensor<Double>([1, 8], x.elements))
  #expect(found.outputs[0].shape == [1, 8])
  #expect(found.outputs[0][5] == x[0, 1, 0, 1])
  #expect(found.gradients[0] == x)
}

@Test(
  arguments: [
    (1, -1, [2, 3, 4], [2, 12]), (0, 0, [2, 3], [2, 3]), (0, -1, [], [1]), (-1, 0, [], [1]),
    (-2, -1, [5, 2, 3], [5, 6]), (1, 2, [2, 0, 4, 5], [2, 0, 5]),
  ] as [(Int, Int, Shape, Shape)])
func `Flatten joins the axes from start to end`(
  _ start: Int, _ end: Int, _ input: Shape, _ output: Shape
) throws {
  let layer = try Application.layer(
    "Flatten", ["start_dim": .integer(start), "end_dim": .integer(end)])
  #expect(try layer.outputShapes(OperandShapes(inputs: [input])) == [output])
}

@Test func `Reshape by hand`() throws {
  // Six elements as rows of two: −1 stands for 6/2 = 3.
  let x = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 6])
  let dy = Tensor<Double>([3, 2], [6, 5, 4, 3, 2, 1])
  let found = try Application("Reshape", ["shape": [-1, 2]], on: [x], upstream: dy)
  #expect(found.outputs[0] == Tensor<Double>([3, 2], [1, 2, 3, 4, 5, 6]))
  #expect(found.gradients[0] == Tensor<Double>([2, 3], [6, 5, 4, 3, 2, 1]))
}

@Test func `Reshape of no elements leaves no choice open`() throws {
  // [0, −1]: anything could be left over.
  let layer = try Application.layer("Reshape", ["shape": [0, -1]])
  #expect(
    throws: LayerProblem.contradiction(
      hyperparameter: "shape", declared: [0, -1], tensors: [2, 0])
  ) {
    try layer.outputShapes(OperandShapes(inputs: [[2, 0]]))
  }
  let free = try Application.layer("Reshape", ["shape": [3, -1]])
  #expect(try free.outputShapes(OperandShapes(inputs: [[2, 0]])) == [[3, 0]])
}

@Test func `Concat by hand`() throws {
  // Along axis 1 every row is the row of the first input, then that of the second.
  let a = Tensor<Double>([2, 1], [1, 2])
  let b = Tensor<Double>([2, 2], [3, 4, 5, 6])
  let dy = Tensor<Double>([2, 3], [10, 20, 30, 40, 50, 60])
  let found = try Application("Concat", ["dim": 1], on: [a, b], upstream: dy)
  #expect(found.outputs[0] == Tensor<Double>([2, 3], [1, 3, 4, 2, 5, 6]))
  #expect(found.gradients[0] == Tensor<Double>([2, 1], [10, 40]))
  #expect(found.gradients[1] == Tensor<Double>([2, 2], [20, 30, 50, 60]))
}

@Test func `Concat joins along axis 0 by default`() throws {
  let found = try Application("Concat", on: [.row(1, 2), .row(3)], upstream: .row(5, 6, 7))
  #expect(found.output == [1, 2, 3])
  #expect(found.gradients.map { $0?.elements } == [[5, 6], [7]])
}

@Test func `only the wanted gradients of Concat are computed`() throws {
  let layer = try Application.layer("Concat")
  let gradients = try layer.double.backward(
    Operands(inputs: [.row(1, 2), .row(3)]), [.row(5, 6, 7)],
    GradientRequest(inputs: [1], parameters: []))
  #expect(gradients.inputs == [nil, .row(7)])
}
