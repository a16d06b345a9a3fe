import LayerKit
import Tensors
import Testing

@Test func `ReLU by hand`() throws {
  // max(0, x) and dy·[x > 0]; the derivative at 0 is 0.
  let found = try Application(
    "ReLU", ["inplace": true], on: [.row(-1, 0, 2)], upstream: .row(5, 7, 11))
  #expect(found.output == [0, 0, 2])
  #expect(found.gradient() == [0, 0, 11])
}

@Test func `ReLU selects its gradient and never multiplies`() throws {
  // 0·∞ would be NaN.
  let found = try Application(
    "ReLU", on: [.row(-1, 0, 1, .nan)], upstream: .row(.infinity, .infinity, .infinity, 3))
  #expect(found.gradient() == [0, 0, .infinity, 3])
}

@Test func `ReLU6 by hand`() throws {
  // min(max(0, x), 6); at both ends the derivative is that of the flat side.
  let x = Tensor.row(-1, 0, 2, 6, 7)
  let found = try Application("ReLU6", on: [x], upstream: .row(5, 7, 11, 13, 17))
  #expect(found.output == [0, 0, 2, 6, 6])
  #expect(found.gradient() == [0, 0, 11, 0, 0])
}

@Test func `LeakyReLU by hand`() throws {
  // Slope ¼: −2·¼ = −½; gradients 8·¼ = 2, at 0 too: 4·¼ = 1; 3 where x > 0.
  let x = Tensor.row(-2, 0, 5)
  let found = try Application(
    "LeakyReLU", ["negative_slope": 0.25], on: [x], upstream: .row(8, 4, 3))
  #expect(found.output == [-0.5, 0, 5])
  #expect(found.gradient() == [2, 1, 3])
}

@Test(arguments: NumberFormat.allCases)
func `LeakyReLU rounds its slope as the reference does`(_ format: NumberFormat) throws {
  // The default 0.01 is no binary fraction: −1 shows how it was rounded.
  let found = try Application("LeakyReLU", on: [.row(-1)], format: format, upstream: .row(1))
  #expect(found.output == [-format.rounded(0.01)])
  #expect(found.gradient() == [format.rounded(0.01)])
}

@Test(arguments: ["ReLU", "ReLU6"])
func `rectifiers owe equal bits`(_ kind: String) throws {
  let layer = try Application.layer(kind)
  for tensor in [ResultTensor.output(0), .inputGradient(0)] {
    let question = BoundQuestion(
      tensor, operands: Operands(inputs: [Tensor.row(1)]), upstream: [.row(1)], computed: .row(1),
      rounding: Rounding(.float32))
    guard case .exact = try layer.bound(question) else {
      Issue.record("\(kind) bounds \(tensor) by something else")
      continue
    }
  }
}

@Test func `Hardshrink and Softshrink by hand`() throws {
  // At ±λ both are 0 with the slope 0.
  let x = Tensor.row(-2, -0.5, 0.25, 0.5, 0.75)
  let dy = Tensor.row(2, 3, 5, 7, 11)
  let hard = try Application("Hardshrink", on: [x], upstream: dy)
  #expect(hard.output == [-2, 0, 0, 0, 0.75])
  #expect(hard.gradient() == [2, 0, 0, 0, 11])
  let soft = try Application("Softshrink", on: [x], upstream: dy)
  #expect(soft.output == [-1.5, 0, 0, 0, 0.25])
  #expect(soft.gradient() == [2, 0, 0, 0, 11])
}

@Test func `Hardsigmoid and Hardswish by hand`() throws {
  // (x + 3)/6 and x(x + 3)/6 with the slopes 1/6 and x/3 + ½; at ±3 those of the outer side.
  let x = Tensor.row(-4, -3, -1.5, 0, 1.5, 3, 4)
  let dy = Tensor.row(12, 12, 12, 12, 12, 12, 12)
  let sigmoid = try Application("Hardsigmoid", on: [x], upstream: dy)
  #expect(sigmoid.output == [0, 0, 0.25, 0.5, 0.75, 1, 1])
  #expect(sigmoid.gradient() == [0, 0, 2, 2, 2, 0, 0])
  let swish = try Application("Hardswish", on: [x], upstream: dy)
  #expect(swish.output == [0, 0, -0.375, 0, 1.125, 3, 4])
  #expect(swish.gradient() == [0, 0, 0, 6, 12, 12, 12])
}

@Test func `Hardtanh has no gradient at its limits`() throws {
  let x = Tensor.row(-3, -1, 0.5, 2, 3)
  let dy = Tensor.row(2, 3, 5, 7, 11)
  let names: [[String: HyperparameterValue]] = [
    ["max_val": 2], ["max_value": 2], ["min_val": 0, "min_value": -1, "max_value": 2],
  ]
  for hyperparameters in names {
    let found = try Application("Hardtanh", hyperparameters, on: [x], upstream: dy)
    #expect(found.output == [-1, -1, 0.5, 2, 2])
    #expect(found.gradient() == [0, 0, 5, 0, 0])
  }
}

@Test func `Threshold by hand`() throws {
  // What is not above the threshold is replaced, without a gradient.
  let found = try Application(
    "Threshold", ["threshold": 0.5, "value": 7], on: [.row(-1, 0.5, 0.75)],
    upstream: .row(2, 3, 5))
  #expect(found.output == [7, 7, 0.75])
  #expect(found.gradient() == [0, 0, 5])
}

@Test func `PReLU by hand`() throws {
  // Slopes ½ and −3 for two channels of three pixels. dw[c] = Σ x·dy over x ≤ 0:
  // −2·5 + 0·7 = −10 and −1·3 − 4·2 = −11.
  let layer = try Application.layer("PReLU")
  let operands = Operands(
    inputs: [Tensor<Double>([1, 2, 3], [-2, 0, 4, -1, 6, -4])],
    parameters: ["weight": .row(0.5, -3)])
  let dy = Tensor<Double>([1, 2, 3], [5, 7, 11, 3, 13, 2])
  let gradients = try layer.double.backward(
    operands, [dy], GradientRequest(inputs: [0], parameters: ["weight"]))
  #expect(try layer.double.forward(operands).outputs[0].elements == [-1, 0, 4, 3, 6, 12])
  #expect(gradients.inputs[0]?.elements == [2.5, 3.5, 11, -9, 13, -6])
  #expect(gradients.parameters["weight"] == .row(-10, -11))
}

@Test func `RReLU takes the mean slope in evaluation and the drawn one in training`() throws {
  // (1/4 + 3/4)/2 = ½; in training the slopes are given, and that of a positive number is unused.
  let limits: [String: HyperparameterValue] = ["lower": 0.25, "upper": 0.75]
  let x = Tensor.row(-4, 0, 2)
  let evaluation = try Application("RReLU", limits, on: [x], upstream: .row(2, 4, 8))
  #expect(evaluation.output == [-2, 0, 2])
  #expect(evaluation.gradient() == [1, 2, 8])
  let training = try Application(
    "RReLU", limits, on: [x], auxiliary: ["noise": .row(0.75, 0.25, 1)], isTraining: true,
    upstream: .row(2, 4, 8))
  #expect(training.output == [-3, 0, 2])
  #expect(training.gradient() == [1.5, 1, 8])
}

@Test func `a slope that RReLU cannot have drawn is refused`() throws {
  let layer = try Application.layer("RReLU")
  let operands = Operands(
    inputs: [Tensor.row(1, -1)], auxiliary: ["noise": .row(1, 0.5)], isTraining: true)
  #expect(
    throws: LayerProblem.wrongValue(
      tensor: "auxiliary/noise", index: [1], value: 0.5,
      allowed: "a slope from 0.125 to \(1.0 / 3)")
  ) {
    try layer.double.checkValues(operands)
  }
}
