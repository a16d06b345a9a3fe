import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

private let input = GradientRequest(inputs: [0], parameters: [])

private func layer(
  _ kind: any Layer.Type, _ hyperparameters: [String: HyperparameterValue]
) throws -> AnyLayer {
  try LayerDefinition(kind).layer(hyperparameters)
}

/// The gradient of a pool over one plane.
private func gradient(
  _ kind: any Layer.Type, _ hyperparameters: [String: HyperparameterValue], x: Tensor<Double>,
  dy: Tensor<Double>
) throws -> Tensor<Double>? {
  try layer(kind, hyperparameters).double.backward(Operands(inputs: [x]), [dy], input).inputs[0]
}

private let dy = tensor([1, 1, 2, 2], "2 8 4 6")

// The largest cells are top left, bottom right, top right, bottom left of the four windows.
@Test func `a maximum takes the whole gradient`() throws {
  let x = tensor([1, 1, 4, 4], "1 0 0 0  0 0 0 1  0 1 0 0  0 0 1 0")
  #expect(
    try gradient(MaxPool2d.self, ["kernel_size": 2], x: x, dy: dy)
      == tensor([1, 1, 4, 4], "2 0 0 0  0 0 0 8  0 4 0 0  0 0 6 0"))
}

@Test func `an average shares the gradient`() throws {
  let x = Tensor([1, 1, 4, 4], repeating: 1.0)
  #expect(
    try gradient(AvgPool2d.self, ["kernel_size": 2], x: x, dy: dy)
      == tensor([1, 1, 4, 4], ".5 .5 2 2  .5 .5 2 2  1 1 1.5 1.5  1 1 1.5 1.5"))
  #expect(
    try gradient(AdaptiveAvgPool2d.self, ["output_size": 2], x: x, dy: dy)
      == tensor([1, 1, 4, 4], ".5 .5 2 2  .5 .5 2 2  1 1 1.5 1.5  1 1 1.5 1.5"))
}

@Test func `a sum passes the gradient to each cell`() throws {
  let x = Tensor([1, 1, 4, 4], repeating: 1.0)
  #expect(
    try gradient(SumPool2d.self, ["kernel_size": 2], x: x, dy: dy)
      == tensor([1, 1, 4, 4], "2 2 8 8  2 2 8 8  4 4 6 6  4 4 6 6"))
}

@Test func `of equal maxima the first in row-major order counts`() throws {
  let x = Tensor([1, 1, 2, 2], repeating: 1.0)
  #expect(
    try gradient(MaxPool2d.self, ["kernel_size": 2], x: x, dy: tensor([1, 1, 1, 1], "4"))
      == tensor([1, 1, 2, 2], "4 0 0 0"))
}

// Kernel 3, stride 2, padding 1 over −2 everywhere: the padding is −∞ and not 0.
@Test func `padding is never the maximum`() throws {
  let hyperparameters: [String: HyperparameterValue] = [
    "kernel_size": 3, "stride": 2, "padding": 1,
  ]
  let x = Tensor([1, 1, 3, 3], repeating: -2.0)
  let pool = try layer(MaxPool2d.self, hyperparameters)
  let expected = Tensor([1, 1, 2, 2], repeating: -2.0)
  #expect(pool.double.forward(Operands(inputs: [x])).outputs == [expected])
  #expect(pool.double.define(Operands(inputs: [x])).outputs == [expected])
  #expect(
    try gradient(
      MaxPool2d.self, hyperparameters, x: x, dy: tensor([1, 1, 2, 2], "1 2 3 4"))
      == tensor([1, 1, 3, 3], "1 2 0 3 4 0 0 0 0"))
}

@Test func `NaN is the maximum of its window`() throws {
  let pool = try layer(MaxPool2d.self, ["kernel_size": [1, 2]])
  let operands = Operands(inputs: [Tensor([1, 1, 1, 4], [1, .nan, 3, 2])])
  for results in [pool.double.forward(operands), pool.double.define(operands)] {
    #expect(results.outputs[0][0].isNaN)
    #expect(results.outputs[0][1] == 3)
  }
}

// Kernel 3, stride 2, padding 1 over 4×4: windows start at −1 and 1 on both axes. The nine cells of
// the window in the corner count with the padding; only four, then six, are inside.
//   with padding    dy/9 = 1 2 4 1
//   without         dy / (2·2, 2·3, 3·2, 3·3) = 2.25 3 6 1
@Test(arguments: [
  (true, "1 3 2 2  5 8 3 3  4 5 1 1  4 5 1 1"),
  (false, "2.25 5.25 3 3  8.25 12.25 4 4  6 7 1 1  6 7 1 1"),
])
func `the divisor of a window at the border`(_ counts: Bool, _ dx: String) throws {
  #expect(
    try gradient(
      AvgPool2d.self,
      ["kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": .boolean(counts)],
      x: Tensor([1, 1, 4, 4], repeating: 1.0), dy: tensor([1, 1, 2, 2], "9 18 36 9"))
      == tensor([1, 1, 4, 4], dx))
}

// Extent 5, kernel 2, stride 2: with ceil_mode a third window holds the last cell alone, so its
// mean is that cell. One that hangs over is divided by what lies inside the padded image.
@Test func `a window that hangs over`() throws {
  let operands = Operands(inputs: [tensor([1, 1, 1, 5], "1 3 5 7 9")])
  let pool = try layer(
    AvgPool2d.self, ["kernel_size": [1, 2], "ceil_mode": true])
  #expect(pool.double.forward(operands).outputs == [tensor([1, 1, 1, 3], "2 6 9")])
  #expect(pool.double.define(operands).outputs == [tensor([1, 1, 1, 3], "2 6 9")])
}

// 5 cells in 3 windows: 0 ..< 2, 1 ..< 4, 3 ..< 5; cells 1 and 3 lie in two of them.
@Test func `adaptive windows by hand`() throws {
  let operands = Operands(inputs: [tensor([1, 1, 1, 5], "1 3 5 7 9")])
  let pool = try layer(AdaptiveAvgPool2d.self, ["output_size": [1, 3]])
  #expect(pool.double.forward(operands).outputs == [tensor([1, 1, 1, 3], "2 5 8")])
  let gradients = pool.double.backward(operands, [tensor([1, 1, 1, 3], "2 6 10")], input)
  #expect(gradients.inputs == [tensor([1, 1, 1, 5], "1 3 2 7 5")])
}

// MARK: Random geometries

/// Hyper-parameters and an image of random geometry.
private func randomPool(
  _ seed: UInt64, dilates: Bool
) -> (hyperparameters: [String: HyperparameterValue], image: Shape) {
  var random = SplitMix64(seed: seed)
  while true {
    let kernel = [random.integer(in: 1...4), random.integer(in: 1...4)]
    let dilation = dilates ? [random.integer(in: 1...2), random.integer(in: 1...3)] : [1, 1]
    let halves = (0..<2).map { (dilation[$0] * (kernel[$0] - 1) + 1) / 2 }
    let padding = [0, 1, 0, 1].map { random.integer(in: 0...halves[$0]) }
    let stride = [random.integer(in: 1...4), random.integer(in: 1...4)]
    let image: Shape = [
      random.integer(in: 1...2), random.integer(in: 1...2), random.integer(in: 1...7),
      random.integer(in: 1...7),
    ]
    let fits = (0..<2).allSatisfy {
      image[2 + $0] + padding[$0] + padding[2 + $0] >= dilation[$0] * (kernel[$0] - 1) + 1
    }
    guard fits else { continue }
    func list(_ numbers: [Int]) -> HyperparameterValue { .list(numbers.map { .integer($0) }) }
    var hyperparameters: [String: HyperparameterValue] = [
      "kernel_size": list(kernel), "stride": list(stride), "padding": list(padding),
      "ceil_mode": .boolean(random.integer(in: 0...1) == 1),
    ]
    if dilates { hyperparameters["dilation"] = list(dilation) }
    return (hyperparameters, image)
  }
}

private func check(_ layer: AnyLayer, _ image: Shape, seed: UInt64) throws {
  var random = RandomOperands(seed: seed)
  let operands = Operands(inputs: [random.tensor(image)])
  let forward = layer.double.forward(operands).outputs
  #expect(try layer.outputShapes(operands.shapes) == forward.map(\.shape), "seed \(seed)")
  let defined = layer.double.define(operands).outputs
  #expect(forward[0].relativeDifference(from: defined[0]) <= 1e-14, "seed \(seed)")
  for identity in AdjointIdentity.measure(layer, operands, seed: seed) {
    #expect(identity.holds(), "\(identity), seed \(seed)")
  }
}

@Test func `random maximum pools`() throws {
  for seed in 0..<150 as Range<UInt64> {
    let (hyperparameters, image) = randomPool(seed, dilates: true)
    try check(try layer(MaxPool2d.self, hyperparameters), image, seed: seed)
  }
}

@Test func `random average and sum pools`() throws {
  for seed in 0..<100 as Range<UInt64> {
    let (hyperparameters, image) = randomPool(seed, dilates: false)
    try check(try layer(SumPool2d.self, hyperparameters), image, seed: seed)
    let divisors: [[String: HyperparameterValue]] = [
      ["count_include_pad": false], ["divisor_override": 3], [:],
    ]
    for divisor in divisors {
      let all = hyperparameters.merging(divisor) { $1 }
      try check(try layer(AvgPool2d.self, all), image, seed: seed)
    }
  }
}

@Test func `random adaptive pools`() throws {
  for seed in 0..<100 as Range<UInt64> {
    var random = SplitMix64(seed: seed)
    let size: HyperparameterValue = [
      .integer(random.integer(in: 1...8)), .integer(random.integer(in: 1...8)),
    ]
    let image: Shape = [1, 2, random.integer(in: 1...7), random.integer(in: 1...7)]
    try check(try layer(AdaptiveAvgPool2d.self, ["output_size": size]), image, seed: seed)
  }
}
