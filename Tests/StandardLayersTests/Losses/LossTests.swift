import LayerKit
import StandardLayers
import Tensors
import Testing

private let both = GradientRequest(inputs: [0, 1], parameters: [])
private let one = Tensor(scalar: 1.0)

private func layer(
  _ kind: any Layer.Type, _ hyperparameters: [String: HyperparameterValue] = [:]
) throws -> AnyLayer {
  try LayerDefinition(kind).layer(hyperparameters)
}

private func close(_ found: Tensor<Double>?, _ expected: [Double]) -> Bool {
  found?.elements.count == expected.count
    && zip(found?.elements ?? [], expected).allSatisfy { ($0 - $1).magnitude <= 1e-14 }
}

// Scores ln 1, ln 2, ln 5: p = ⅛ ¼ ⅝. Class 1: the value is ln 4, dx = p − (0 1 0).
@Test func `cross entropy by hand`() throws {
  let operands = Operands(
    inputs: [
      Tensor([1, 3], [0, 0.693147180559945309, 1.609437912434100375]), tensor([1], "1"),
    ])
  let loss = try layer(CrossEntropyLoss.self)
  #expect(try close(loss.double.forward(operands).outputs[0], [2 * 0.693147180559945309]))
  let gradients = try loss.double.backward(operands, [one], both)
  #expect(close(gradients.inputs[0], [0.125, -0.75, 0.625]))
  #expect(gradients.inputs[1] == nil)
}

// The same scores with ε = ½: q = ⅙ ⅔ ⅙, dx = p − q = −1/24 −5/12 11/24.
@Test func `smoothed labels by hand`() throws {
  let operands = Operands(
    inputs: [
      Tensor([1, 3], [0, 0.693147180559945309, 1.609437912434100375]), tensor([1], "1"),
    ])
  let loss = try layer(CrossEntropyLoss.self, ["label_smoothing": 0.5])
  let gradients = try loss.double.backward(operands, [one], both)
  #expect(close(gradients.inputs[0], [-1.0 / 24, -5.0 / 12, 11.0 / 24]))
}

// Two classes with equal scores: every position has the value w·ln 2. Weights 1 and 3, the third
// position ignored: (1 + 3)·ln 2 / (1 + 3); all ignored: 0/0, and no gradient.
@Test func `weights and ignored positions by hand`() throws {
  let loss = try layer(CrossEntropyLoss.self, ["ignore_index": -1])
  var operands = Operands(
    inputs: [Tensor([3, 2], repeating: 0.0), tensor([3], "0 1 -1")],
    auxiliary: ["weight": tensor([2], "1 3")])
  #expect(try close(loss.double.forward(operands).outputs[0], [0.693147180559945309]))
  // dx = w/4·(½ − [class]).
  #expect(
    close(
      try loss.double.backward(operands, [one], both).inputs[0],
      [-0.125, 0.125, 0.375, -0.375, 0, 0]))
  operands.inputs[1] = tensor([3], "-1 -1 -1")
  #expect(try loss.double.forward(operands).outputs[0][0].isNaN)
  #expect(
    try loss.double.backward(operands, [one], both).inputs[0] == Tensor([3, 2], repeating: 0))
}

// A score of −∞ has the probability 0; it does not disturb the value of another class.
@Test func `a class that cannot be leaves the others finite`() throws {
  let operands = Operands(inputs: [Tensor([1, 3], [0, 0, -.infinity]), tensor([1], "0")])
  let value = try layer(CrossEntropyLoss.self).double.forward(operands).outputs[0]
  #expect(close(value, [0.693147180559945309]))
}

@Test(arguments: ["3", "-1", "1.5", "nan"])
func `an index that is no class is refused`(_ index: String) throws {
  let operands = Operands(inputs: [Tensor([2, 3], repeating: 0.0), tensor([2], "0 \(index)")])
  for kind in [CrossEntropyLoss.self, NLLLoss.self] as [any Layer.Type] {
    let layer = try layer(kind)
    #expect {
      try layer.double.checkValues(operands)
    } throws: { error in
      guard case LayerProblem.wrongValue("target", [1], _, _) = error else { return false }
      return true
    }
  }
}

// Weighted mean: (2·0.5 + 1·3) / (2 + 1) with logarithms −0.5 and −3.
@Test func `negative log-likelihood by hand`() throws {
  let operands = Operands(
    inputs: [tensor([2, 2], "-0.5 -9 -8 -3"), tensor([2], "0 1")],
    auxiliary: ["weight": tensor([2], "2 1")])
  let loss = try layer(NLLLoss.self)
  #expect(try close(loss.double.forward(operands).outputs[0], [4.0 / 3]))
  #expect(
    close(
      try loss.double.backward(operands, [one], both).inputs[0], [-2.0 / 3, 0, 0, -1.0 / 3]))
}

// (1 − 3)² and (5 − 1)²: mean 10, dx = 2(x − t)/2 = −2 4, dt = −dx.
@Test func `squared difference by hand`() throws {
  let operands = Operands(inputs: [tensor([2], "1 5"), tensor([2], "3 1")])
  let loss = try layer(MSELoss.self)
  #expect(try loss.double.forward(operands).outputs == [Tensor(scalar: 10.0)])
  let gradients = try loss.double.backward(operands, [one], both)
  #expect(gradients.inputs == [tensor([2], "-2 4"), tensor([2], "2 -4")])
}

// Squares 4 and 16. `size_average` and `reduce` go before `reduction`, as in PyTorch: without
// `reduce` nothing is added up, without `size_average` the sum is not divided.
@Test(
  arguments: [
    (["size_average": true, "reduction": "sum"], [10.0]),
    (["size_average": false], [20]), (["reduce": true, "reduction": "none"], [10]),
    (["reduce": false, "size_average": true], [4, 16]),
    (["size_average": "none", "reduction": "sum"], [20]),
  ] as [([String: HyperparameterValue], [Double])])
func `the older flags of a reduction`(
  _ hyperparameters: [String: HyperparameterValue], _ expected: [Double]
) throws {
  let operands = Operands(inputs: [tensor([2], "1 5"), tensor([2], "3 1")])
  let loss = try layer(MSELoss.self, hyperparameters)
  #expect(try loss.double.forward(operands).outputs[0].elements == expected)
}

// x = ¾, t = 1: the value is −ln ¾, dx = (¾ − 1)/(¾·¼) = −4/3, dt = ln ¼ − ln ¾ = −ln 3.
@Test func `binary cross entropy by hand`() throws {
  let operands = Operands(inputs: [Tensor(scalar: 0.75), Tensor(scalar: 1.0)])
  let loss = try layer(BCELoss.self)
  #expect(try close(loss.double.forward(operands).outputs[0], [0.28768207245178093]))
  let gradients = try loss.double.backward(operands, [one], both)
  #expect(close(gradients.inputs[0], [-4.0 / 3]))
  #expect(close(gradients.inputs[1], [-1.0986122886681098]))
}

// log 0 counts as −100, and x(1 − x) as at least 1e-12, rounded to single precision: values and
// gradients as torch.nn.BCELoss gives them.
@Test func `probabilities of 0 and 1`() throws {
  let operands = Operands(inputs: [tensor([2], "0 1"), Tensor([2], [0.25, 0.5])])
  let loss = try layer(BCELoss.self, ["reduction": "none"])
  #expect(try loss.double.forward(operands).outputs == [tensor([2], "25 50")])
  let gradients = try loss.double.backward(operands, [tensor([2], "1 1")], both)
  let least = Double(Float(1e-12))
  #expect(gradients.inputs[0] == Tensor([2], [-0.25 / least, 0.5 / least]))
  #expect(gradients.inputs[1] == Tensor([2], [.infinity, -.infinity]))
}

@Test(arguments: [(0, "input"), (1, "target")])
func `what is no probability is refused`(_ input: Int, _ name: String) throws {
  for value in [-0.25, 1.25, .nan] {
    var operands = Operands(inputs: [tensor([2], "0 1"), tensor([2], "0 1")])
    operands.inputs[input] = Tensor([2], [0.5, value])
    #expect {
      try layer(BCELoss.self).double.checkValues(operands)
    } throws: { error in
      guard case LayerProblem.wrongValue(let tensor, [1], _, _) = error else { return false }
      return tensor == name
    }
  }
}

// x = ln 3, t = 1: σ = ¾, the value is −ln ¾, dx = ¾ − 1. With pos_weight 4: dx = −4·(1 − ¾).
@Test func `binary cross entropy of scores by hand`() throws {
  var operands = Operands(inputs: [Tensor([1], [1.0986122886681098]), tensor([1], "1")])
  let loss = try layer(BCEWithLogitsLoss.self)
  #expect(try close(loss.double.forward(operands).outputs[0], [0.28768207245178093]))
  #expect(try close(loss.double.backward(operands, [one], both).inputs[0], [-0.25]))
  operands.auxiliary["pos_weight"] = tensor([1], "4")
  #expect(try close(loss.double.backward(operands, [one], both).inputs[0], [-1]))
}

// Far out the value is linear and the exponentials neither overflow nor lose the small side.
@Test func `scores far from 0`() throws {
  let operands = Operands(inputs: [tensor([2], "800 -800"), tensor([2], "0 1")])
  let loss = try layer(BCEWithLogitsLoss.self, ["reduction": "none"])
  #expect(try loss.double.forward(operands).outputs == [tensor([2], "800 800")])
  let gradients = try loss.double.backward(operands, [tensor([2], "1 1")], both)
  #expect(gradients.inputs[0] == tensor([2], "1 -1"))
}
