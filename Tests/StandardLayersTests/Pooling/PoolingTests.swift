import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

private let input = GradientRequest(inputs: [0], parameters: [])

private func layer(
  _ kind: any Layer.Type, _ hyperparameters: [String: HyperparameterValue]
) throws -> AnyLayer {
  try LayerDefinition(kind).layer(hyperparameters)
}

/// The gradient of a pool over one plane.
private func gradient(
  _ kind: any Layer.Type, _ hyperparameters: [String: HyperparameterValue], x: Tensor<Double>,
  dy: Tensor<Double>
) throws -> Tensor<Double>? {
  try layer(kind, hyperparameters).double.backward(Operands(inputs: [x]), [dy], input).inputs[0]
}

private let dy = tensor([1, 1, 2, 2], "2 8 4 6")

// The largest cells are top left, bottom right, top right, bottom left of the four windows.
@Test func `a maximum takes the whole gradient`() throws {
  let x = tensor([1, 1, 4, 4], "1 0 0 0  0 0 0 1  0 1 0 0  0 0 1 0")
  #expect(
    try gradient(MaxPool2d.self, ["kernel_size": 2], x: x, dy: dy)
      == tensor([1, 1, 4, 4], "2 0 0 0  0 0 0 8  0 4 0 0  0 0 6 0"))
}

@Test func `an average shares the gradient`() throws {
  let x = Tensor([1, 1, 4, 4], repeating: 1.0)
  #expect(
    try gradient(AvgPool2d.self, ["kernel_size": 2], x: x, dy: dy)
      == tensor([1, 1, 4, 4], ".5 .5 2 2  .5 .5 2 2  1 1 1.5 1.5  1 1 1.5 1.5"))
  #expect(
    try gradient(AdaptiveAvgPool2d.self, ["output_size": 2], x: x, dy: dy)
      == tensor([1, 1, 4, 4], ".5 .5 2 2  .5 .5 2 2  1 1 1.5 1.5  1 1 1.5 1.5"))
}

@Test func `a sum passes the gradient to each cell`() throws {
  let x = Tensor([1, 1, 4, 4], repeating: 1.0)
  #expect(
    try gradient(SumPool2d.self, ["kernel_size": 2], x: x, dy: dy)
      == tensor([1, 1, 4, 4], "2 2 8 8  2 2 8 8  4 4 6 6  4 4 6 6"))
}

@Test func `of equal maxima the first in row-major order counts`() throws {
  let x = Tensor([1, 1, 2, 2], repeating: 1.0)
  #expect(
    try gradient(MaxPool2d.self, ["kernel_size": 2], x: x, dy: tensor([1, 1, 1, 1], "4"))
      == tensor([1, 1, 2, 2], "4 0 0 0"))
}

// Kernel 3, stride 2, padding 1 over −2 everywhere: the padding is −∞ and not 0.
@Test func `padding is never the maximum`() throws {
  let hyperparameters: [String: HyperparameterValue] = [
    "kernel_size": 3, "stride": 2, "padding": 1,
  ]
  let x = Tensor([1, 1, 3, 3], repeating: -2.0)
  let pool = try layer(MaxPool2d.self, hyperparameters)
  let expected = Tensor([1, 1, 2, 2], repeating: -2.0)
  #expect(try pool.double.forward(Operands(inputs: [x])).outputs == [expected])
  #expect(try pool.double.define(Operands(inputs: [x])).outputs == [expected])
  #expect(
    try gradient(
      MaxPool2d.self, hyperparameters, x: x, dy: tensor([1, 1, 2, 2], "1 2 3 4"))
      == tensor([1, 1, 3, 3], "1 2 0 3 4 0 0 0 0"))
}

@Test func `NaN is the maximum of its window`() throws {
  let pool = try layer(MaxPool2d.self, ["kernel_size": [1, 2]])
  let operands = Operands(inputs: [Tensor([1, 1, 1, 4], [1, .nan, 3, 2])])
  for results in [try pool.double.forward(operands), try pool.double.define(operands)] {
    #expect(results.outputs[0][0].isNaN)
    #expect(results.outputs[0][1] == 3)
  }
}

// Kernel 3, stride 2, padding 1 over 4×4: windows start at −1 and 1 on both axes. The nine cells of
// the window in the corner count with the padding; only four, then six, are inside.
//   with padding    dy/9 = 1 2 4 1
//   without         dy / (2·2, 2·3, 3·2, 3·3) = 2.25 3 6 1
@Test(arguments: [
  (true, "1 3 2 2  5 8 3 3  4 5 1 1  4 5 1 1"),
  (false, "2.25 5.25 3 3  8.25 12.25 4 4  6 7 1 1  6 7 1 1"),
])
func `the divisor of a window at the border`(_ counts: Bool, _ dx: String) throws {
  #expect(
    try gradient(
      AvgPool2d.self,
      ["kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": .boolean(counts)],
      x: Tensor([1, 1, 4, 4], repeating: 1.0), dy: tensor([1, 1, 2, 2], "9 18 36 9"))
      == tensor([1, 1, 4, 4], dx))
}

// Extent 5, kernel 2, stride 2: with ceil_mode a third window holds the last cell alone, so its
// mean is that cell. One that hangs over is divided by what lies inside the padded image.
@Test func `a window that hangs over`() throws {
  let operands = Operands(inputs: [tensor([1, 1, 1, 5], "1 3 5 7 9")])
  let pool = try layer(
    AvgPool2d.self, ["kernel_size": [1, 2], "ceil_mode": true])
  #expect(try pool.double.forward(operands).outputs == [tensor([1, 1, 1, 3], "2 6 9")])
  #expect(try pool.double.define(operands).outputs == [tensor([1, 1, 1, 3], "2 6 9")])
}

// 5 cells in 3 windows: 0 ..< 2, 1 ..< 4, 3 ..< 5; cells 1 and 3 lie in two of them.
@Test func `adaptive windows by hand`() throws {
  let operands = Operands(inputs: [tensor([1, 1, 1, 5], "1 3 5 7 9")])
  let pool = try layer(AdaptiveAvgPool2d.self, ["output_size": [1, 3]])
  #expect(try pool.double.forward(operands).outputs == [tensor([1, 1, 1, 3], "2 5 8")])
  let gradients = try pool.double.backward(operands, [tensor([1, 1, 1, 3], "2 6 10")], input)
  #expect(gradients.inputs == [tensor([1, 1, 1, 5], "1 3 2 7 5")])
}
