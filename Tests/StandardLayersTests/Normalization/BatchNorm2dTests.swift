import LayerKit
import StandardLayers
import Tensors
import Testing

// x = 1 3 5 7, ε = 4: μ = 4, v = (9 + 1 + 1 + 9)/4 = 5, s = √9 = 3, x̂ = −1 −⅓ ⅓ 1.
// w = 3, b = 10: y = 7 9 11 13. Unbiased variance 5·4/3 = 20/3.
// momentum ¼: running mean ¾·8 + ¼·4 = 7, running variance ¾·12 + ¼·20/3 = 32/3.
private let training = Operands(
  inputs: [tensor([2, 1, 1, 2], "1 3 5 7")],
  parameters: ["weight": tensor([1], "3"), "bias": tensor([1], "10")],
  buffers: [
    "running_mean": tensor([1], "8"), "running_var": tensor([1], "12"),
    "num_batches_tracked": tensor([], "3"),
  ], isTraining: true)

private func layer(
  _ hyperparameters: [String: HyperparameterValue] = [:]
) throws -> AnyLayer {
  try LayerDefinition(BatchNorm2d.self).layer(
    hyperparameters.merging(["eps": 4]) { $1 })
}

private func close(_ found: Tensor<Double>?, _ expected: [Double]) -> Bool {
  found?.elements.count == expected.count
    && zip(found?.elements ?? [], expected).allSatisfy { ($0 - $1).magnitude <= 1e-14 }
}

@Test func `training by hand`() throws {
  let results = try layer(["momentum": 0.25]).double.forward(training)
  #expect(close(results.outputs[0], [7, 9, 11, 13]))
  #expect(close(results.buffers["running_mean"], [7]))
  #expect(close(results.buffers["running_var"], [32.0 / 3]))
  #expect(results.buffers["num_batches_tracked"] == tensor([], "4"))
}

// The mean over all batches: the new one has the weight 1/4, since three came before.
@Test func `the mean over all batches so far`() throws {
  let results = try layer(["momentum": "none"]).double.forward(training)
  #expect(close(results.buffers["running_mean"], [7]))
}

// ¾·12 + ¼·5 = 10.25.
@Test func `the biased running variance`() throws {
  let results = try layer(["momentum": 0.25, "unbiased_running_variance": false])
    .double.forward(training)
  #expect(close(results.buffers["running_var"], [10.25]))
}

// dy = 3 0 0 6: db = 9, dw = Σ dy·x̂ = −3 + 6 = 3, mean(dy) = 9/4, mean(dy·x̂) = 3/4, w/s = 1:
// dx = dy − 9/4 − ¾·x̂ = 3 − 2.25 + 0.75, −2.25 + 0.25, −2.25 − 0.25, 6 − 2.25 − 0.75.
@Test func `the gradient in training by hand`() throws {
  let gradients = try layer().double.backward(
    training, [tensor([2, 1, 1, 2], "3 0 0 6")],
    GradientRequest(inputs: [0], parameters: ["weight", "bias"]))
  #expect(close(gradients.inputs[0], [1.5, -2, -2.5, 3]))
  #expect(close(gradients.parameters["weight"], [3]))
  #expect(close(gradients.parameters["bias"], [9]))
}

// Running mean 8, variance 12, s = √16 = 4, w/s = ¾: y = 10 + ¾(x − 8), dx = ¾·dy; no buffer moves.
@Test func `evaluation by hand`() throws {
  var operands = training
  operands.isTraining = false
  let results = try layer().double.forward(operands)
  #expect(close(results.outputs[0], [4.75, 6.25, 7.75, 9.25]))
  #expect(results.buffers.isEmpty)
  let gradients = try layer().double.backward(
    operands, [tensor([2, 1, 1, 2], "4 0 0 8")],
    GradientRequest(inputs: [0], parameters: []))
  #expect(close(gradients.inputs[0], [3, 0, 0, 6]))
}

@Test func `a counter that is no number of batches is refused`() throws {
  var operands = training
  operands.buffers["num_batches_tracked"] = tensor([], "-1")
  let problem = LayerProblem.wrongValue(
    tensor: "buffers/num_batches_tracked", index: [], value: -1,
    allowed: "a whole number from 0")
  #expect(throws: problem) { try layer().double.checkValues(operands) }
}

// A mean of 10⁴ against deviations below 1: in single precision the variance drowns, and nothing
// is promised; in double precision it does not.
@Test func `a variance that drowns in rounding has no bound`() throws {
  let x = Tensor([1, 1, 1, 4], [10_000, 10_000.25, 10_000.5, 10_000.75])
  let operands = Operands(inputs: [x], isTraining: true)
  let layer = try LayerDefinition(BatchNorm2d.self).layer([:])
  let y = try layer.double.forward(operands).outputs[0]
  for (format, isBounded) in [(NumberFormat.float16, false), (.float64, true)] {
    let question = BoundQuestion(
      .output(0), operands: operands, upstream: [], computed: y, rounding: Rounding(format))
    guard case .elementwise(let limits) = try layer.bound(question) else {
      Issue.record("each element has a bound of its own")
      continue
    }
    #expect(limits.elements.allSatisfy { $0.isFinite == isBounded && $0 > 0 })
  }
}
