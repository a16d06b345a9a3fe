import LayerKit
import Tensors
import Testing

// The values were computed with torch.nn 2.13, the upstream gradient being 1, 2, 3, …

/// An image of 2 × 3 cells.
private let image = Tensor<Double>([1, 1, 2, 3], [1, 2, 3, 4, 5, 6])

/// What a kind makes of the image.
private struct PaddingCase: CustomTestStringConvertible, Sendable {
  let kind: String
  let padding: [Int]
  var value: Double?
  let shape: Shape
  let output: [Double]
  let gradient: [Double]

  var testDescription: String { "\(kind) \(padding)" }
}

@Test(
  arguments: [
    PaddingCase(
      kind: "ReflectionPad2d", padding: [2, -1, 1, 0], shape: [1, 1, 3, 4],
      output: [6, 5, 4, 5, 3, 2, 1, 2, 6, 5, 4, 5], gradient: [7, 14, 5, 14, 28, 10]),
    PaddingCase(
      kind: "CircularPad2d", padding: [2, -1, 0, 1], shape: [1, 1, 3, 4],
      output: [1, 2, 1, 2, 4, 5, 4, 5, 1, 2, 1, 2], gradient: [24, 28, 0, 12, 14, 0]),
    PaddingCase(
      kind: "ReplicationPad2d", padding: [-1, 2, 1, -1], shape: [1, 1, 2, 4],
      output: [2, 3, 3, 3, 2, 3, 3, 3], gradient: [0, 6, 30, 0, 0, 0]),
    PaddingCase(
      kind: "ConstantPad2d", padding: [1, 0, -1, 2], value: 0.1, shape: [1, 1, 3, 4],
      output: [0.1, 4, 5, 6, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
      gradient: [0, 0, 0, 2, 3, 4]),
  ])
private func `an image is extended at one end and cut at the other`(_ example: PaddingCase) throws {
  var hyperparameters: [String: HyperparameterValue] = [
    "padding": .list(example.padding.map { .integer($0) })
  ]
  if let value = example.value { hyperparameters["value"] = .real(value) }
  let upstream = Tensor(example.shape, (0..<example.shape.count).map { Double($0 + 1) })
  let found = try Application(example.kind, hyperparameters, on: [image], upstream: upstream)
  #expect(found.output == example.output)
  #expect(found.gradient() == example.gradient)
}

@Test func `the last axis comes first`() throws {
  // left 1, bottom cut by 1, back 1.
  let x = Tensor<Double>([1, 1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])
  let dy = Tensor<Double>([1, 1, 3, 1, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  let found = try Application(
    "ZeroPad3d", ["padding": [1, 0, 0, -1, 0, 1]], on: [x], upstream: dy)
  #expect(found.output == [0, 1, 2, 0, 5, 6, 0, 0, 0])
  #expect(found.gradient() == [2, 3, 0, 0, 5, 6, 0, 0])
}

@Test func `a constant has the rounding of the reference`() throws {
  let x = Tensor<Double>([1, 1, 1], [2])
  let found = try Application(
    "ConstantPad1d", ["padding": 1, "value": 0.1], on: [x], format: .float32,
    upstream: Tensor<Double>([1, 1, 3], [1, 2, 3]))
  #expect(found.output == [Double(Float(0.1)), 2, Double(Float(0.1))])
}

@Test func `a constant may be infinite, as before a maximum`() throws {
  let x = Tensor<Double>([1, 1, 1], [2])
  let found = try Application(
    "ConstantPad1d", ["padding": [0, 1], "value": .real(-.infinity)], on: [x],
    upstream: Tensor<Double>([1, 1, 2], [1, 2]))
  #expect(found.output == [2, -.infinity])
}

@Test(arguments: ["ReflectionPad2d", "ReplicationPad2d"])
func `one axis may lose all its cells, but not all axes`(_ kind: String) throws {
  let shapes = OperandShapes(inputs: [[1, 1, 2, 3]])
  let some = try Application.layer(kind, ["padding": [-1, -2, 0, 1]])
  #expect(try some.outputShapes(shapes) == [[1, 1, 3, 0]])
  let all = try Application.layer(kind, ["padding": [-1, -2, -2, 0]])
  #expect(throws: LayerProblem.self) { try all.outputShapes(shapes) }
}

@Test func `extents beyond all integers are refused`() throws {
  let limit = 1 << 20
  let layer = try Application.layer("ZeroPad3d", ["padding": .integer(limit)])
  #expect(throws: LayerProblem.self) {
    try layer.outputShapes(OperandShapes(inputs: [[8, 8, 1, 1, 1]]))
  }
  #expect(throws: InvalidHyperparameters.self) {
    try Application.layer("ZeroPad3d", ["padding": .integer(limit + 1)])
  }
}

@Test func `NaN stays where it is copied`() throws {
  let x = Tensor<Double>([1, 1, 2], [.nan, 1])
  let found = try Application(
    "CircularPad1d", ["padding": [1, 1]], on: [x],
    upstream: Tensor<Double>([1, 1, 4], [1, 2, 3, 4]))
  #expect(found.output.map(\.isNaN) == [false, true, false, true])
}
