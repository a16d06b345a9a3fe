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
    guard case .exact = layer.bound(question) else {
      Issue.record("\(kind) bounds \(tensor) by something else")
      continue
    }
  }
}
