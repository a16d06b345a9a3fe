import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

private let everything = GradientRequest(inputs: [0], parameters: ["weight", "bias"])

/// One sample of one channel through one filter, with a bias of 100.
private func transposed(
  _ hyperparameters: [String: HyperparameterValue], x: String, w: String, cells: Int
) throws -> [Double] {
  let layer = try Application.layer("ConvTranspose1d", hyperparameters)
  func signal(_ numbers: String) -> Tensor<Double> {
    tensor([1, 1, numbers.split(separator: " ").count], numbers)
  }
  let operands = Operands(
    inputs: [signal(x)], parameters: ["weight": signal(w), "bias": tensor([1], "100")])
  #expect(try layer.outputShapes(operands.shapes) == [[1, 1, cells]])
  #expect(try layer.double.define(operands).outputs == layer.double.forward(operands).outputs)
  return try layer.double.forward(operands).outputs[0].elements
}

// x = 1 2 at a distance of 3, filter [1 10]: 1 10 0 2 20, and two cells more, before the bias.
@Test func `cells that no window reaches hold the bias`() throws {
  let y = try transposed(["stride": 3, "output_padding": 2], x: "1 2", w: "1 10", cells: 7)
  #expect(y == [101, 110, 100, 102, 120, 100, 100])
}

@Test func `each end is cropped on its own`() throws {
  let y = try transposed(
    ["stride": 3, "output_padding": 2, "padding": [1, 3]], x: "1 2", w: "1 10", cells: 3)
  #expect(y == [110, 100, 102])
}

// Taps at a distance of 3: 1 2 0 10 20. Two more cells are allowed although the stride is 1.
@Test func `the output padding may be longer than the stride where the dilation is`() throws {
  let y = try transposed(["dilation": 3, "output_padding": 2], x: "1 2", w: "1 10", cells: 7)
  #expect(y == [101, 102, 100, 110, 120, 100, 100])
}

// One cell, one tap, four cells more, of which the first two and the last two are cut off.
@Test func `nothing but output padding may be left`() throws {
  let y = try transposed(
    ["dilation": 5, "output_padding": 4, "padding": 2], x: "7", w: "3", cells: 1)
  #expect(y == [100])
}

// 1 12 23 30 before cropping; the convolution with this padding has its odd cell at the end too.
@Test func `same padding crops as much as it would pad`() throws {
  let y = try transposed(["padding": "same"], x: "1 2 3", w: "1 10", cells: 3)
  #expect(y == [101, 112, 123])
}

// On whole numbers both sides are exact. x and y change roles, and so do forward and backward.
@Test(arguments: 1...3)
func `it is the transposed map of the convolution`(_ axes: Int) throws {
  for seed in 0..<100 as Range<UInt64> {
    let convolution = RandomConvolution(seed: seed, axes: axes)
    let (operands, dy) = convolution.operands(.integers)
    let (x, w) = (operands.inputs[0], operands.parameter("weight"))
    let layer = try convolution.layer()
    let gradients = try layer.double.backward(operands, [dy], everything)

    let transposed = try convolution.transposed()
    let exchanged = Operands(inputs: [dy], parameters: ["weight": w])
    #expect(try transposed.outputShapes(exchanged.shapes) == [x.shape], "\(convolution)")
    let z = try transposed.double.forward(exchanged).outputs[0]
    #expect(z == gradients.inputs[0], "\(convolution)")
    let back = try transposed.double.backward(exchanged, [x], everything)
    var unbiased = operands
    unbiased.parameters["bias"] = nil
    #expect(try back.inputs == layer.double.forward(unbiased).outputs, "\(convolution)")
    #expect(back.parameters == ["weight": gradients.parameters["weight"]], "\(convolution)")
  }
}
