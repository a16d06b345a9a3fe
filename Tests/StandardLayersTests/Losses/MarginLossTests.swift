import LayerKit
import StandardLayers
import Tensors
import Testing

@Test(arguments: margins)
func `hinges are those of PyTorch`(_ example: LossCase) throws { try example.check() }

@Test func `a label that is no class is refused by its place and value`() throws {
  let scores = Tensor<Double>([2, 3], repeating: 0)
  let multiMargin = try Application.layer("MultiMarginLoss")
  #expect(
    throws: LayerProblem.wrongValue(
      tensor: "target", index: [1], value: 3, allowed: "a class from 0 to 2")
  ) {
    try multiMargin.double.checkValues(Operands(inputs: [scores, .row(0, 3)]))
  }
  let multiLabel = try Application.layer("MultiLabelMarginLoss")
  let labels = Tensor<Double>([2, 3], [0, -1, 2, 1, -2, 0])
  #expect(
    throws: LayerProblem.wrongValue(
      tensor: "target", index: [1, 1], value: -2,
      allowed: "a class from 0 to 2, or -1 to ignore it,")
  ) {
    try multiLabel.double.checkValues(Operands(inputs: [scores, labels]))
  }
}

// e^100 is beyond single precision, where PyTorch finds an infinite value and no gradient.
@Test func `an exponential overflows in the format of the reference`() throws {
  let (score, target) = (Tensor<Double>.row(-100), Tensor<Double>.row(1))
  let double = try Application("SoftMarginLoss", on: [score, target], upstream: Tensor(scalar: 1))
  #expect(double.output == [100])
  #expect(double.gradient() == [-1])
  let single = try Application(
    "SoftMarginLoss", on: [score, target], format: .float32, upstream: Tensor(scalar: 1))
  #expect(single.output == [.infinity])
  #expect(single.gradient()[0].isNaN)
}

// Values and gradients of torch 2.13.0+cpu in float64, with `backward(upstream)`.
private let margins: [LossCase] = [
  LossCase(
    "on and beside the margin", "HingeEmbeddingLoss", ["reduction": "none"],
    inputs: [tensor([6], "0.5 1 2 0.5 nan 0.5"), tensor([6], "1 -1 -1 -1 -1 0")],
    upstream: tensor([6], "1 1 1 1 1 1"), value: tensor([6], "0.5 0 0 0.5 nan 1"),
    gradients: [tensor([6], "1 -1 0 -1 0 0"), nil]),
  LossCase(
    "ties, and all with a gradient", "MarginRankingLoss", ["margin": 0.5, "reduction": "none"],
    inputs: [tensor([4], "1 1.5 2 0"), tensor([4], "1 1 1 1"), tensor([4], "1 1 -1 2")],
    upstream: tensor([4], "1 1 1 1"), value: tensor([4], "0.5 0 1.5 2.5"),
    gradients: [tensor([4], "-1 -1 1 -2"), tensor([4], "1 1 -1 2"), tensor([4], "0 -0.5 -1 1")]),
  LossCase(
    "scores near and far", "SoftMarginLoss", ["reduction": "none"],
    inputs: [tensor([5], "0.5 -2 100 -50 800"), tensor([5], "1 1 -1 -1 1")],
    upstream: tensor([5], "1 1 1 1 1"),
    value: tensor([5], "0.4740769841801067 2.1269280110429727 100 1.9287498479639178e-22 0"),
    gradients: [
      tensor([5], "-0.37754066879814546 -0.8807970779778824 1 1.9287498479639178e-22 0"), nil,
    ]),
  LossCase(
    "weights of classes", "MultiLabelSoftMarginLoss", ["reduction": "none"],
    inputs: [tensor([2, 3], "1 -2 30 0 0.5 -40"), tensor([2, 3], "1 0 0.5 0 1 1")],
    auxiliary: ["weight": tensor([3], "1 2 0.5")],
    upstream: tensor([2], "1 3"), value: tensor([2], "2.6890392365347378 7.213767049640054"),
    gradients: [
      tensor(
        [2, 3],
        "-0.08964714045666503 0.0794686146814117 0.08333333333331773 0.5 -0.7550813375962909 -0.5"),
      tensor([2, 3], "-0.3333333333333333 1.3333333333333335 -4.999999999999999 0 -1 20"),
    ]),
  LossCase(
    "a score on the margin", "MultiMarginLoss", ["reduction": "none"],
    inputs: [tensor([2, 4], "1 2 0 0.5 3 2 2 2.5"), tensor([2], "0 0")],
    upstream: tensor([2], "1 1"), value: tensor([2], "0.625 0.125"),
    gradients: [tensor([2, 4], "-0.5 0.25 0 0.25 -0.25 0 0 0.25"), nil]),
  LossCase(
    "weighted squares", "MultiMarginLoss", ["margin": 0.75, "p": 2, "reduction": "mean"],
    inputs: [tensor([2, 3], "1 2 1.75 nan 1 1"), tensor([2], "1 0")],
    auxiliary: ["weight": tensor([3], "2 3 4")],
    upstream: tensor([], "1"), value: tensor([], "0.125"),
    gradients: [tensor([2, 3], "0 -0.5 0.5 0 0 0"), nil]),
  LossCase(
    "padded, and a class listed twice", "MultiLabelMarginLoss", ["reduction": "none"],
    inputs: [
      tensor([3, 4], "0.125 0.25 0.5 0.75 1 2 3 4 0 0.5 1 1.5"),
      tensor([3, 4], "3 0 -1 1 -1 0 1 2 3 3 0 -1"),
    ],
    upstream: tensor([3], "1 1 1"), value: tensor([3], "0.9375 0 1.125"),
    gradients: [tensor([3, 4], "-0.5 0.5 0.5 -0.5 0 0 0 0 -0.5 0.25 0.75 -0.5"), nil]),
]
