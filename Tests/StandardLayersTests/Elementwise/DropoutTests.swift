import LayerKit
import Tensors
import Testing

@Test func `Dropout by hand`() throws {
  // p = ¾: what is kept is multiplied by 1/(1 − ¾) = 4, forward and backward.
  let found = try Application(
    "Dropout", ["p": 0.75], on: [.row(1, 2, 3)], auxiliary: ["mask": .row(1, 0, 1)],
    isTraining: true, upstream: .row(5, 7, 11))
  #expect(found.output == [4, 0, 12])
  #expect(found.gradient() == [20, 0, 44])
}

@Test func `Dropout in evaluation changes nothing`() throws {
  let found = try Application(
    "Dropout", on: [.row(1, 2)], auxiliary: ["mask": .row(1, 0)], upstream: .row(5, 7))
  #expect(found.output == [1, 2])
  #expect(found.gradient() == [5, 7])
}

@Test func `Dropout with p = 1 keeps nothing`() throws {
  // Not 0·(1/0) = NaN. The mask does not matter.
  let masks: [[String: Tensor<Double>]] = [[:], ["mask": .row(0, 0)], ["mask": .row(1, 1)]]
  for auxiliary in masks {
    let found = try Application(
      "Dropout", ["p": 1], on: [.row(1, 2)], auxiliary: auxiliary, isTraining: true,
      upstream: .row(5, 7))
    #expect(found.output == [0, 0])
    #expect(found.gradient() == [0, 0])
  }
}

@Test func `one mask element serves for a whole channel`() throws {
  // p = ½, factor 2; the mask [2, 1] holds one number for each of two channels of three pixels.
  let x = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 6])
  let found = try Application(
    "Dropout", on: [x], auxiliary: ["mask": Tensor<Double>([2, 1], [0, 1])], isTraining: true,
    upstream: x)
  #expect(found.output == [0, 0, 0, 8, 10, 12])
  #expect(found.gradient() == [0, 0, 0, 8, 10, 12])
}

@Test func `a mask that is neither 0 nor 1 is refused`() throws {
  let layer = try Application.layer("Dropout")
  let operands = Operands(
    inputs: [Tensor<Double>([2, 2], repeating: 1)],
    auxiliary: ["mask": Tensor<Double>([2, 2], [1, 0, 2, 1])],
    isTraining: true)
  #expect(
    throws: LayerProblem.wrongValue(
      tensor: "auxiliary/mask", index: [1, 0], value: 2, allowed: "0 or 1")
  ) {
    try layer.double.checkValues(operands)
  }
}

@Test(arguments: [(0.0, true), (0.5, true), (0.75, true), (0.2, false), (0.9, false), (1, true)])
func `a factor that is a power of two owes equal bits`(_ p: Double, _ isExact: Bool) throws {
  let layer = try Application.layer("Dropout", ["p": .real(p)])
  let operands = Operands(
    inputs: [Tensor.row(1)], auxiliary: ["mask": .row(1)], isTraining: true)
  let question = BoundQuestion(
    .output(0), operands: operands, upstream: [],
    computed: try layer.double.forward(operands).outputs[0], rounding: Rounding(.float32))
  if case .exact = try layer.bound(question) {
    #expect(isExact)
  } else {
    #expect(!isExact)
  }
}

@Test(arguments: ["Dropout1d", "Dropout2d", "Dropout3d"])
func `a dropout of channels multiplies what is kept`(_ kind: String) throws {
  // p = ½, factor 2; one mask element for each of two channels of two elements.
  let ones = [Int](repeating: 1, count: kind == "Dropout1d" ? 0 : kind == "Dropout2d" ? 1 : 2)
  let x = Tensor<Double>(Shape([1, 2] + ones + [2]), [1, 2, 3, 4])
  let mask = Tensor<Double>(Shape([1, 2] + ones + [1]), [0, 1])
  let found = try Application(
    kind, on: [x], auxiliary: ["mask": mask], isTraining: true, upstream: x)
  #expect(found.output == [0, 0, 6, 8])
  #expect(found.gradient() == [0, 0, 6, 8])
}

@Test(arguments: ["AlphaDropout", "FeatureAlphaDropout"])
func `AlphaDropout keeps mean and variance`(_ kind: String) throws {
  // For x of mean 0 and variance 1, one half kept: the kept a·x + aαp and the dropped −aα(1 − p)
  // have together mean 0 and variance 1. With x = ±1 kept: the mean square of
  // (a + aα/2, −a + aα/2, −aα/2, −aα/2) is 1.
  let x = Tensor<Double>([4, 1], [1, -1, 1, -1])
  let mask = Tensor<Double>([4, 1], [1, 1, 0, 0])
  let found = try Application(
    kind, on: [x], auxiliary: ["mask": mask], isTraining: true,
    upstream: Tensor<Double>([4, 1], repeating: 1))
  let alpha = 1.7580993408473766
  let a = 1 / ((alpha * alpha / 2 + 1) / 2).squareRoot()
  let expected = [a + a * alpha / 2, a * alpha / 2 - a, -a * alpha / 2, -a * alpha / 2]
  for (found, expected) in zip(found.output, expected) {
    #expect((found - expected).magnitude <= 1e-15)
  }
  #expect(found.output.reduce(0, +).magnitude <= 1e-15)
  #expect((found.output.reduce(0) { $0 + $1 * $1 } / 4 - 1).magnitude <= 1e-15)
  #expect(found.gradient() == [a, a, 0, 0])
}

@Test(arguments: ["AlphaDropout", "FeatureAlphaDropout"])
func `AlphaDropout keeps nothing or everything at the ends of p`(_ kind: String) throws {
  let x = Tensor<Double>([1, 2], [3, -4])
  for (p, expected) in [(0.0, [3.0, -4]), (1.0, [0, 0])] {
    let found = try Application(kind, ["p": .real(p)], on: [x], isTraining: true, upstream: x)
    #expect(found.output == expected)
    #expect(found.gradient() == expected)
  }
}
