import LayerKit
import StandardLayers
import Tensors
import Testing

@Test(arguments: likelihoods)
func `likelihoods are those of PyTorch`(_ example: LossCase) throws { try example.check() }

@Test func `a negative variance is refused`() throws {
  let x = Tensor<Double>.row(1, 2)
  let operands = Operands(inputs: [x, x, .row(1, -0.5)])
  #expect(
    throws: LayerProblem.wrongValue(
      tensor: "var", index: [1], value: -0.5, allowed: "a variance of 0 or more")
  ) {
    try Application.layer("GaussianNLLLoss").double.checkValues(operands)
  }
}

// The reference rounds ε to its own format: 1e-6 is 9.99999997475…e-7 in single precision.
@Test func `constants are rounded as the reference does`() throws {
  let zero = Tensor<Double>.row(0)
  let loss = try Application(
    "GaussianNLLLoss", ["reduction": "none"], on: [zero, .row(1), zero], format: .float32,
    upstream: .row(1))
  #expect(loss.gradient() == [-1 / Double(Float(1e-6))])
}

// Values and gradients of torch 2.13.0+cpu in float64, with `backward(upstream)`.
private let likelihoods: [LossCase] = [
  LossCase(
    "probabilities of 0 and what is none", "KLDivLoss", ["reduction": "none"],
    inputs: [tensor([5], "-1 -inf -inf -1 -1"), tensor([5], "0 0 0.5 -0.5 0.25")],
    upstream: tensor([5], "1 1 1 1 1"), value: tensor([5], "0 nan inf nan -0.09657359027997264"),
    gradients: [
      tensor([5], "0 0 -0.5 0.5 -0.25"), tensor([5], "nan nan inf nan 0.6137056388801094"),
    ]),
  LossCase(
    "by the extent of the input", "KLDivLoss", ["reduction": "batchmean"],
    inputs: [tensor([2, 3], "-1 -2 -0.5 -3 -1 -0.25"), tensor([3], "0.5 0.25 0.125")],
    upstream: tensor([], "1"), value: tensor([], "0.4687976267300752"),
    gradients: [
      tensor([2, 3], "-0.25 -0.125 -0.0625 -0.25 -0.125 -0.0625"),
      tensor([3], "2.3068528194400546 1.1137056388801094 -0.7044415416798357"),
    ]),
  LossCase(
    "the input stretched", "KLDivLoss", ["reduction": "batchmean"],
    inputs: [tensor([2], "-1 -2"), tensor([2, 2], "0.5 0.25 0.125 1")],
    upstream: tensor([], "1"), value: tensor([], "1.0859613133650377"),
    gradients: [
      tensor([2], "-0.3125 -0.625"),
      tensor([2, 2], "0.6534264097200273 0.8068528194400547 -0.039720770839917874 1.5"),
    ]),
  LossCase(
    "logarithms", "KLDivLoss", ["log_target": true, "reduction": "none"],
    inputs: [tensor([3], "-1 -inf -2"), tensor([3], "-0.5 -1 -3")],
    upstream: tensor([3], "1 2 3"),
    value: tensor([3], "0.3032653298563167 inf -0.049787068367863944"),
    gradients: [
      tensor([3], "-0.6065306597126334 -0.7357588823428847 -0.14936120510359183"),
      tensor([3], "0.9097959895689501 inf 0"),
    ]),
  LossCase(
    "counts", "PoissonNLLLoss", ["reduction": "none"],
    inputs: [tensor([5], "1 -2 0 inf -inf"), tensor([5], "0 3 2.5 1 1")],
    upstream: tensor([5], "1 1 1 1 1"),
    value: tensor([5], "2.718281828459045 6.135335283236612 1 nan inf"),
    gradients: [
      tensor([5], "2.718281828459045 -2.864664716763387 -1.5 inf -1"),
      tensor([5], "-1 2 0 -inf inf"),
    ]),
  LossCase(
    "full below and above 1", "PoissonNLLLoss", ["full": true, "reduction": "none"],
    inputs: [tensor([5], "1 1 1 1 1"), tensor([5], "0 0.5 1 2 -1")],
    upstream: tensor([5], "1 1 1 1 1"),
    value: tensor(
      [5],
      "2.718281828459045 2.218281828459045 1.718281828459045 1.370088313063581 3.718281828459045"),
    gradients: [
      tensor(
        [5],
        "2.718281828459045 2.218281828459045 1.718281828459045 0.7182818284590451 3.718281828459045"
      ), tensor([5], "nan -1 -1 -0.056852819440054714 nan"),
    ]),
  LossCase(
    "expectations", "PoissonNLLLoss",
    ["eps": 0.5, "full": true, "log_input": false, "reduction": "sum"],
    inputs: [tensor([3], "1 0 3"), tensor([3], "2 4 0.5")],
    upstream: tensor([], "1"), value: tensor([], "9.144346664624486"),
    gradients: [
      tensor([3], "-0.33333333333333326 -7 0.8571428571428572"),
      tensor([3], "0.5376820724517809 2.2044415416798357 -1.252762968495368"),
    ]),
  LossCase(
    "a clamped variance passes its gradient on", "GaussianNLLLoss",
    ["eps": 0.25, "reduction": "none"],
    inputs: [tensor([3], "1 2 3"), tensor([3], "0 0 5"), tensor([3], "4 0.25 0")],
    upstream: tensor([3], "1 1 1"),
    value: tensor([3], "0.8181471805599453 7.306852819440055 7.306852819440055"),
    gradients: [
      tensor([3], "0.25 8 -8"), tensor([3], "-0.25 -8 8"), tensor([3], "0.09375 -30 -30"),
    ]),
  LossCase(
    "a variance without the last axis", "GaussianNLLLoss", ["full": true, "reduction": "sum"],
    inputs: [tensor([2, 2], "1 2 3 5"), tensor([2, 2], "0 1 1 2"), tensor([2], "0.5 2")],
    upstream: tensor([], "1"), value: tensor([], "8.92575413281869"),
    gradients: [
      tensor([2, 2], "2 2 1 1.5"), tensor([2, 2], "-2 -2 -1 -1.5"), tensor([2], "-2 -1.125"),
    ]),
]
