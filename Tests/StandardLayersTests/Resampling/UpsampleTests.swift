import LayerKit
import Tensors
import Testing

// The values were computed with torch.nn 2.13 in float64, the upstream gradient being 1, 2, 3, …

/// What Upsample makes of an image.
private struct UpsampleCase: CustomTestStringConvertible, Sendable {
  let hyperparameters: [String: HyperparameterValue]
  var image = Tensor<Double>([1, 1, 4], [1, 4, -2, 3])
  let shape: Shape
  let output: [Double]
  let gradient: [Double]

  var testDescription: String { "\(hyperparameters)" }
}

private let rectangle = Tensor<Double>([1, 1, 2, 3], [1, 4, -2, 3, 0, 5])

private let lines = [
  UpsampleCase(
    hyperparameters: ["mode": "linear", "scale_factor": 1.7], shape: [1, 1, 6],
    output: [
      1, 2.147058823529412, 3.9117647058823533, 0.6470588235294117, -1.2647058823529416,
      1.6764705882352944,
    ],
    gradient: [2.3235294117647056, 5.4411764705882355, 8.088235294117647, 5.147058823529411]),
  UpsampleCase(
    hyperparameters: ["mode": "linear", "scale_factor": 1.7, "recompute_scale_factor": true],
    shape: [1, 1, 6], output: [1, 2.5, 3, -1, 0.5, 3],
    gradient: [2, 4.166666666666667, 6.333333333333333, 8.5]),
  UpsampleCase(
    hyperparameters: ["mode": "linear", "scale_factor": 0.6], shape: [1, 1, 2],
    output: [2, -2], gradient: [2.0 / 3, 1.0 / 3, 2, 0]),
  UpsampleCase(
    hyperparameters: ["mode": "linear", "size": 6, "align_corners": true], shape: [1, 1, 6],
    output: [1, 2.8, 2.8, -0.8, 0, 3], gradient: [1.8, 4.4, 6.8, 8]),
  UpsampleCase(
    hyperparameters: ["mode": "linear", "size": 1, "align_corners": true], shape: [1, 1, 1],
    output: [1], gradient: [1, 0, 0, 0]),
  // Between equal extents lines copy, whatever the scale.
  UpsampleCase(
    hyperparameters: ["mode": "linear", "scale_factor": 1.2], shape: [1, 1, 4],
    output: [1, 4, -2, 3], gradient: [1, 2, 3, 4]),
]

private let copies = [
  UpsampleCase(
    hyperparameters: ["scale_factor": 1.7], shape: [1, 1, 6], output: [1, 1, 4, 4, -2, -2],
    gradient: [3, 7, 11, 0]),
  UpsampleCase(
    hyperparameters: ["scale_factor": 1.7, "recompute_scale_factor": true], shape: [1, 1, 6],
    output: [1, 1, 4, -2, -2, 3], gradient: [3, 3, 9, 6]),
  UpsampleCase(
    hyperparameters: ["scale_factor": 0.6], shape: [1, 1, 2], output: [1, 4],
    gradient: [1, 2, 0, 0]),
  UpsampleCase(
    hyperparameters: ["mode": "nearest-exact", "scale_factor": 1.7], shape: [1, 1, 6],
    output: [1, 1, 4, -2, -2, 3], gradient: [3, 3, 9, 6]),
  UpsampleCase(
    hyperparameters: ["mode": "nearest-exact", "scale_factor": 0.6], shape: [1, 1, 2],
    output: [1, -2], gradient: [1, 0, 2, 0]),
]

private let images = [
  UpsampleCase(
    hyperparameters: ["mode": "bilinear", "size": [3, 2]], image: rectangle, shape: [1, 1, 3, 2],
    output: [1.75, -0.5, 2, 1.625, 2.25, 3.75],
    gradient: [1.875, 1.625, 3, 4.875, 3.625, 6]),
  UpsampleCase(
    hyperparameters: ["mode": "bicubic", "size": [2, 5]], image: rectangle, shape: [1, 1, 2, 5],
    output: [0.712, 2.596, 4, 0.544, -2.576, 3.288, 1.476, 0, 2.844, 5.48],
    gradient: [2.032, 5.184, 7.784, 10.212, 13.824, 15.964]),
  UpsampleCase(
    hyperparameters: ["mode": "bicubic", "size": [2, 5], "align_corners": true],
    image: rectangle, shape: [1, 1, 2, 5],
    output: [1, 3.0625, 4, 1.28125, -2, 3, 1.03125, 0, 2.21875, 5],
    gradient: [1.625, 6.5625, 6.8125, 8.65625, 17.5, 13.84375]),
  UpsampleCase(
    hyperparameters: ["mode": "area", "size": [1, 2]], image: rectangle, shape: [1, 1, 1, 2],
    output: [2, 1.75], gradient: [0.25, 0.75, 0.5, 0.25, 0.75, 0.5]),
  UpsampleCase(
    hyperparameters: ["mode": "trilinear", "size": [1, 3, 2], "align_corners": true],
    image: Tensor<Double>([1, 1, 2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]), shape: [1, 1, 1, 3, 2],
    output: [0, 1, 1, 2, 2, 3], gradient: [2.5, 4, 6.5, 8, 0, 0, 0, 0]),
]

@Test(arguments: lines + copies + images)
private func `Upsample makes the cells that PyTorch makes`(_ example: UpsampleCase) throws {
  let upstream = Tensor(example.shape, (0..<example.shape.count).map { Double($0 + 1) })
  let found = try Application(
    "Upsample", example.hyperparameters, on: [example.image], upstream: upstream)
  let y = Tensor(example.shape, example.output)
  let dx = Tensor(example.image.shape, example.gradient)
  #expect(found.outputs[0].relativeDifference(from: y) < 1e-14)
  #expect(try #require(found.gradients[0]).relativeDifference(from: dx) < 1e-14)
}

@Test func `UpsamplingBilinear2d keeps the corners, UpsamplingNearest2d copies`() throws {
  // [1, 4, −2] to four cells at 0, ⅔, 1⅓ and 2: 1, 3, 2, −2.
  let dy = Tensor<Double>([1, 1, 1, 4], [1, 2, 3, 4])
  let lines = try Application(
    "UpsamplingBilinear2d", ["size": [1, 4]], on: [rectangle], upstream: dy)
  let expected = Tensor<Double>([1, 1, 1, 4], [1, 3, 2, -2])
  #expect(lines.outputs[0].relativeDifference(from: expected) < 1e-14)
  let copies = try Application(
    "UpsamplingNearest2d", ["size": [1, 4]], on: [rectangle], upstream: dy)
  #expect(copies.output == [1, 1, 4, -2])
  #expect(copies.gradient() == [3, 3, 4, 0, 0, 0])
}

@Test(
  arguments: [
    // ⌊23·14/46⌋ = ⌊7⌋: in single precision the product lies below 7.
    ("nearest", 14, 46, 23, 6, 7),
    // ⌊20.5·4/41⌋ = ⌊2⌋.
    ("nearest-exact", 4, 41, 20, 1, 2),
  ] as [(String, Int, Int, Int, Double, Double)])
func `the type of the tensor decides which of two cells is selected`(
  _ mode: String, _ extent: Int, _ size: Int, _ cell: Int, _ single: Double, _ double: Double
) throws {
  let x = Tensor<Double>([1, 1, extent], (0..<extent).map { Double($0) })
  let upstream = Tensor([1, 1, size], repeating: 1.0)
  let found = try [NumberFormat.float32, .float64].map { format in
    try Application(
      "Upsample", ["mode": .text(mode), "size": .integer(size)], on: [x], format: format,
      upstream: upstream
    ).output[cell]
  }
  #expect(found == [single, double])
}

/// The bound of a result for numbers in single precision.
private func limits(
  _ hyperparameters: [String: HyperparameterValue], _ x: Tensor<Double>,
  upstream: Tensor<Double>? = nil
) throws -> ErrorBound {
  let layer = try Application.layer("Upsample", hyperparameters)
  let operands = Operands(inputs: [x], format: .float32)
  let wanted = GradientRequest(inputs: [0], parameters: [])
  let computed =
    try upstream.map { try #require(layer.double.backward(operands, [$0], wanted).inputs[0]) }
    ?? layer.double.forward(operands).outputs[0]
  return try layer.bound(
    BoundQuestion(
      upstream == nil ? .output(0) : .inputGradient(0), operands: operands,
      upstream: upstream.map { [$0] } ?? [], computed: computed,
      rounding: Rounding(.float32).combined(with: Rounding(.float64))))
}

@Test func `copies owe equal bits unless PyTorch's own passes disagree`() throws {
  let x = Tensor<Double>([1, 1, 4], [1, 4, -2, 3])
  guard case .exact = try limits(["scale_factor": 3], x) else {
    Issue.record("a selection has a bound")
    return
  }
  // Forward, cell j of [0, 0, 1, 2] is selected, and backward cell j itself.
  guard case .elementwise(let disputed) = try limits(["scale_factor": 1.2], x) else {
    Issue.record("a disputed selection has no bound of its own")
    return
  }
  let differences = [0.0, 3, 6, 5]
  for (limit, difference) in zip(disputed.elements, differences) {
    #expect(limit >= difference && limit <= 1.01 * difference)
  }
  // PyTorch's gradient is [1, 2, 3, 4], and that of the cells that were selected [3, 3, 4, 0].
  let dy = Tensor<Double>([1, 1, 4], [1, 2, 3, 4])
  guard case .elementwise(let gradient) = try limits(["scale_factor": 1.2], x, upstream: dy) else {
    Issue.record("a disputed gradient has no bound of its own")
    return
  }
  for (limit, difference) in zip(gradient.elements, [2.0, 1, 1, 4]) { #expect(limit >= difference) }
}

@Test func `NaN is in the cells that are made of it`() throws {
  // Cells at 0.2 and 1.6: the second one is not made of the first cell.
  let x = Tensor<Double>([1, 1, 3], [.nan, 1, 2])
  let hyperparameters: [String: HyperparameterValue] = ["mode": "linear", "scale_factor": 0.7]
  let found = try Application(
    "Upsample", hyperparameters, on: [x], upstream: Tensor<Double>([1, 1, 2], [1, 1]))
  #expect(found.output[0].isNaN && !found.output[1].isNaN)
  guard case .elementwise(let limits) = try limits(hyperparameters, x) else {
    Issue.record("no bound of its own")
    return
  }
  #expect(limits[0] == .infinity && limits[1] < 1e-5)
}

@Test func `a moved position is bounded by the differences of the cells`() throws {
  // Far from the first cell a position is known less well, but all cells are the same.
  let flat = Tensor([1, 1, 1_000], repeating: 1.0)
  guard
    case .elementwise(let even) = try limits(["mode": "linear", "size": 1_700], flat)
  else {
    Issue.record("no bound of its own")
    return
  }
  #expect(even.elements.allSatisfy { $0 < 0x1p-21 })
  let steps = Tensor([1, 1, 1_000], (0..<1_000).map { Double($0 % 2) })
  guard
    case .elementwise(let uneven) = try limits(["mode": "linear", "size": 1_700], steps)
  else {
    Issue.record("no bound of its own")
    return
  }
  // Three roundings of a position of about 990, and next to nothing at the start.
  #expect(uneven[1_690] > 0x1p-24 * 990 && uneven[1_690] < 0x1p-24 * 4_000)
  #expect(uneven[1] < 0x1p-20)
}
