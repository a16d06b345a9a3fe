import LayerKit
import StandardLayers
import Tensors
import Testing

/// What PyTorch computes.
///
/// Made with torch.nn 2.13.0 (CPU) in float64, with the upstream gradient 1, 2, 3 and so on.
struct PoolReference: CustomTestStringConvertible, Sendable {
  let kind: String
  let hyperparameters: [String: HyperparameterValue]
  let input: Shape
  /// The input; by default (7i mod 11) − 4 for element i.
  var x: String?
  let output: Shape
  let y: String
  let dx: String

  var testDescription: String { "\(kind) \(hyperparameters)" }

  /// The input that PyTorch was given.
  var operand: Tensor<Double> {
    x.map { tensor(input, $0) }
      ?? Tensor(input, (0..<input.count).map { Double($0 * 7 % 11) - 4 })
  }

  /// Average pools of depth 2, with each divisor.
  private static func average3d(
    _ divisor: [String: HyperparameterValue], y: String, dx: String
  ) -> PoolReference {
    let window: [String: HyperparameterValue] = [
      "kernel_size": 2, "stride": [1, 2, 2], "padding": [1, 0, 1], "ceil_mode": true,
    ]
    return PoolReference(
      kind: "AvgPool3d", hyperparameters: window.merging(divisor) { $1 }, input: [1, 1, 2, 2, 3],
      output: [1, 1, 3, 1, 2], y: y, dx: dx)
  }

  static let all = [
    PoolReference(
      kind: "MaxPool3d",
      hyperparameters: [
        "kernel_size": [1, 2, 2], "stride": [1, 1, 2], "padding": [0, 1, 0],
        "dilation": [1, 2, 1], "ceil_mode": true,
      ], input: [1, 1, 2, 3, 3], output: [1, 1, 2, 3, 2],
      y: "6 -2 5 -1 6 -2 3 6 4 5 3 6", dx: "0 0 4 6 0 8 3 0 0 9 0 0 18 0 20 0 0 10"),
    PoolReference(
      kind: "MaxPool1d",
      hyperparameters: ["kernel_size": 2, "stride": 1, "padding": 1, "dilation": 2],
      input: [1, 1, 5], output: [1, 1, 5], y: "3 -1 6 2 6", dx: "0 1 2 8 4"),
    average3d(
      ["count_include_pad": true], y: "0.25 0.25 1.375 -0.5 1.125 -0.75",
      dx: "0.5 0.75 0.75 0.5 0.75 0.75 1 1.25 1.25 1 1.25 1.25"),
    average3d(
      ["count_include_pad": false], y: "1 0.5 2.75 -0.5 4.5 -1.5",
      dx: "1.25 1 1 1.25 1 1 3.25 2 2 3.25 2 2"),
    average3d(
      ["divisor_override": 4], y: "0.5 0.5 2.75 -1 2.25 -1.5",
      dx: "1 1.5 1.5 1 1.5 1.5 2 2.5 2.5 2 2.5 2.5"),
    PoolReference(
      kind: "AvgPool1d",
      hyperparameters: ["kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": true],
      input: [1, 1, 6], output: [1, 1, 3], y: "-0.25 2.5 0",
      dx: "0.25 0.75 0.5 0.5 1.25 0.75"),
    PoolReference(
      kind: "AvgPool1d",
      hyperparameters: [
        "kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": true,
        "count_include_pad": false,
      ], input: [1, 1, 6], output: [1, 1, 3], y: "-0.5 2.5 0", dx: "0.5 1 0.5 0.5 2 1.5"),
    PoolReference(
      kind: "AdaptiveAvgPool3d", hyperparameters: ["output_size": [1, 2, 2]],
      input: [1, 1, 2, 3, 3], output: [1, 1, 1, 2, 2], y: "1.625 0.375 2 0.75",
      dx:
        ".125 .375 .25 .5 1.25 .75 .375 .875 .5 .125 .375 .25 .5 1.25 .75 .375 .875 .5"),
    PoolReference(
      kind: "AdaptiveAvgPool1d", hyperparameters: ["output_size": 4], input: [1, 1, 6],
      output: [1, 1, 4], y: "-0.5 1 4 0", dx: "0.5 1.5 1 1.5 3.5 2"),
    // output_size = (1, None, 2)
    PoolReference(
      kind: "AdaptiveMaxPool3d", hyperparameters: ["output_size": [1, -1, 2]],
      input: [1, 1, 2, 2, 3], x: "2 0 2 0 2 1 2 1 0 1 0 2", output: [1, 1, 1, 2, 2],
      y: "2 2 2 2", dx: "1 0 2 0 7 0 0 0 0 0 0 0"),
    PoolReference(
      kind: "AdaptiveMaxPool1d", hyperparameters: ["output_size": 3], input: [1, 1, 5],
      x: "2 0 2 0 2", output: [1, 1, 3], y: "2 2 2", dx: "1 0 2 0 3"),
    PoolReference(
      kind: "LPPool2d", hyperparameters: ["norm_type": 1, "kernel_size": 2, "ceil_mode": true],
      input: [1, 1, 3, 3], x: "1 2 3 4 5 6 7 8 9", output: [1, 1, 2, 2], y: "12 18 30 36",
      dx: "1 1 4 1 1 4 6 6 16"),
    PoolReference(
      kind: "LPPool1d",
      hyperparameters: ["norm_type": 2, "kernel_size": 3, "stride": 2, "ceil_mode": true],
      input: [1, 1, 6], x: "3 0 4 5 12 2", output: [1, 1, 3],
      y: "5 13.601470508735444 14.89966442575134",
      dx:
        "0.6000000000000001 0 1.3881716976750464 0.7352146220938077 5.388757791180869 0.6040404496926218"
    ),
    PoolReference(
      kind: "LPPool3d", hyperparameters: ["norm_type": 3, "kernel_size": [2, 1, 2]],
      input: [1, 1, 2, 2, 2], x: "1 2 3 4 -1 -2 5 6", output: [1, 1, 1, 2, 1],
      y: "0 7.559526299369238",
      dx: "0 0 0.31498026247371813 0.5599649110643878 0 0 0.874945173538106 1.2599210498948725"),
    PoolReference(
      kind: "LPPool2d", hyperparameters: ["norm_type": -1, "kernel_size": [1, 2], "stride": 1],
      input: [1, 1, 2, 2], x: "1 2 4 8", output: [1, 1, 2, 1],
      y: "0.6666666666666666 2.6666666666666665",
      dx: "0.4444444444444444 0.1111111111111111 0.8888888888888888 0.2222222222222222"),
  ]
}

@Test(arguments: PoolReference.all)
func `a pool computes what PyTorch computes`(_ reference: PoolReference) throws {
  let upstream = Tensor(
    reference.output, (0..<reference.output.count).map { Double($0) + 1 })
  let applied = try Application(
    reference.kind, reference.hyperparameters, on: [reference.operand], upstream: upstream)
  let y = tensor(reference.output, reference.y)
  let dx = tensor(reference.input, reference.dx)
  #expect(applied.outputs[0].relativeDifference(from: y) <= 1e-15)
  let gradient = try #require(applied.gradients[0])
  #expect(gradient.relativeDifference(from: dx) <= 1e-15)
  let layer = try Application.layer(reference.kind, reference.hyperparameters)
  let defined = try layer.double.define(Operands(inputs: [reference.operand])).outputs[0]
  #expect(defined.relativeDifference(from: y) <= 1e-15)
}

/// One window over a whole row, on each number of axes, and what PyTorch gives for the upstream
/// gradient 1.
struct RowOfTies: Sendable {
  let x: [Double]
  let largest: Double
  /// The cell that takes the gradient.
  let chosen: Int

  static let all = [
    RowOfTies(x: [2, 2, 1, 2], largest: 2, chosen: 0),
    RowOfTies(x: [0, -0.0, 0, -0.0], largest: 0, chosen: 0),
    RowOfTies(x: [1, .nan, 3, .nan], largest: .nan, chosen: 3),
    RowOfTies(x: [.nan, 1, .nan, 2], largest: .nan, chosen: 2),
    RowOfTies(x: [.nan, .infinity, 1, 2], largest: .nan, chosen: 0),
    RowOfTies(
      x: [Double](repeating: -.infinity, count: 4), largest: -.infinity, chosen: 0),
    RowOfTies(x: [1, .infinity, .infinity, 2], largest: .infinity, chosen: 1),
  ]
}

@Test(arguments: RowOfTies.all, 1...3)
func `ties go to the first, NaN to the last`(_ row: RowOfTies, _ axes: Int) throws {
  let ones = [Int](repeating: 1, count: axes + 1)
  let x = Tensor(Shape(ones + [4]), row.x)
  let kernel: [HyperparameterValue] = ones.dropFirst(2).map { .integer($0) } + [4]
  let expected = (0..<4).map { $0 == row.chosen ? 1.0 : 0 }
  let pools: [(String, [String: HyperparameterValue])] = [
    ("MaxPool\(axes)d", ["kernel_size": .list(kernel)]),
    ("AdaptiveMaxPool\(axes)d", ["output_size": 1]),
  ]
  for (kind, hyperparameters) in pools {
    let applied = try Application(
      kind, hyperparameters, on: [x], upstream: Tensor(Shape(ones + [1]), [1]))
    #expect(applied.output[0] == row.largest || (applied.output[0].isNaN && row.largest.isNaN))
    #expect(applied.gradient() == expected)
    let layer = try Application.layer(kind, hyperparameters)
    let defined = try layer.double.define(Operands(inputs: [x])).outputs[0][0]
    #expect(defined == row.largest || (defined.isNaN && row.largest.isNaN))
  }
}

// One cell between two of padding, window 2 with dilation 2: both its cells are padding. PyTorch
// gives −∞; a gradient has nowhere to go.
@Test(arguments: 1...3)
func `a window in the padding alone`(_ axes: Int) throws {
  let shape = Shape([Int](repeating: 1, count: axes + 2))
  let applied = try Application(
    "MaxPool\(axes)d", ["kernel_size": 2, "stride": 1, "padding": 1, "dilation": 2],
    on: [Tensor(shape, [5])], upstream: Tensor(shape, [3]))
  #expect(applied.output == [-.infinity])
  #expect(applied.gradient() == [0])
}
