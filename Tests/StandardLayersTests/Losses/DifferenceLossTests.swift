import LayerKit
import StandardLayers
import Tensors
import Testing

@Test(arguments: differences)
func `differences are those of PyTorch`(_ example: LossCase) throws { try example.check() }

// Without elements a mean is 0/0, and a sum 0.
@Test(arguments: ["L1Loss", "SmoothL1Loss", "HuberLoss", "MSELoss"])
func `nothing has no mean`(_ kind: String) throws {
  let empty = Tensor<Double>([0, 3], [])
  let mean = try Application(kind, on: [empty, empty], upstream: Tensor(scalar: 1))
  #expect(mean.output[0].isNaN)
  #expect(mean.gradients == [empty, empty])
  let sum = try Application(
    kind, ["reduction": "sum"], on: [empty, empty], upstream: Tensor(scalar: 1))
  #expect(sum.output == [0])
}

@Test func `corners are declared as kinks`() throws {
  #expect(try Application.layer("L1Loss").kinks == [.difference(0, slope: 0)])
  #expect(try Application.layer("SmoothL1Loss", ["beta": 0]).kinks == [.difference(0, slope: 0)])
  for kind in ["SmoothL1Loss", "HuberLoss", "MSELoss"] {
    #expect(try Application.layer(kind).kinks == [])
  }
}

// Values and gradients of torch 2.13.0+cpu in float64, with `backward(upstream)`.
private let differences: [LossCase] = [
  LossCase(
    "the corner of a magnitude", "L1Loss", ["reduction": "none"],
    inputs: [tensor([5], "1 2 1 inf inf"), tensor([5], "1 3 -1 1 inf")],
    upstream: tensor([5], "1 1 1 1 1"), value: tensor([5], "0 1 2 inf nan"),
    gradients: [tensor([5], "0 -1 1 1 0"), tensor([5], "0 1 -1 -1 0")]),
  LossCase(
    "a stretched target", "L1Loss", ["reduction": "mean"],
    inputs: [tensor([2, 2], "1 2 3 5"), tensor([2], "2 2.5")],
    upstream: tensor([], "2"), value: tensor([], "1.25"),
    gradients: [tensor([2, 2], "-0.5 -0.5 0.5 0.5"), tensor([2], "0 0")]),
  LossCase(
    "inside, on and outside the joints", "SmoothL1Loss", ["beta": 0.5, "reduction": "none"],
    inputs: [tensor([7], "0 0.25 0.5 -0.5 2 inf nan"), tensor([7], "0 0 0 0 -1 0 0")],
    upstream: tensor([7], "1 2 3 4 5 6 7"), value: tensor([7], "0 0.0625 0.25 0.25 2.75 inf nan"),
    gradients: [tensor([7], "0 1 3 -4 5 6 nan"), tensor([7], "0 -1 -3 4 -5 -6 nan")]),
  LossCase(
    "without a parabola", "SmoothL1Loss", ["beta": 0.0, "reduction": "none"],
    inputs: [tensor([3], "1 2 -1"), tensor([3], "1 1 1")],
    upstream: tensor([3], "1 1 1"), value: tensor([3], "0 1 2"),
    gradients: [tensor([3], "0 1 -1"), tensor([3], "0 -1 1")]),
  LossCase(
    "inside, on and outside the joints", "HuberLoss", ["delta": 0.5, "reduction": "none"],
    inputs: [tensor([7], "0 0.25 0.5 -0.5 2 inf nan"), tensor([7], "0 0 0 0 -1 0 0")],
    upstream: tensor([7], "1 2 3 4 5 6 7"),
    value: tensor([7], "0 0.03125 0.125 0.125 1.375 inf nan"),
    gradients: [tensor([7], "0 0.5 1.5 -2 2.5 3 nan"), tensor([7], "0 -0.5 -1.5 2 -2.5 -3 nan")]),
  LossCase(
    "both stretched", "MSELoss", ["reduction": "mean"],
    inputs: [tensor([2, 1], "1 2"), tensor([1, 3], "0.5 -1 4")],
    upstream: tensor([], "1"), value: tensor([], "4.75"),
    gradients: [
      tensor([2, 1], "-0.16666666666666674 0.8333333333333334"),
      tensor([1, 3], "-0.6666666666666666 -1.6666666666666665 1.6666666666666665"),
    ]),
]
