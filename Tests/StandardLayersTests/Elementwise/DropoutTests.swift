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
    computed: layer.double.forward(operands).outputs[0], rounding: Rounding(.float32))
  if case .exact = layer.bound(question) {
    #expect(isExact)
  } else {
    #expect(!isExact)
  }
}
