import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

// Pools of random geometry on one to three axes, held against the definition and its derivative.

/// Hyper-parameters and an image of random geometry.
private struct RandomPool {
  let hyperparameters: [String: HyperparameterValue]
  let image: Shape

  /// A pool whose windows slide.
  init(sliding axes: Int, seed: UInt64, pads: Bool = true, dilates: Bool = false) {
    var random = SplitMix64(seed: seed)
    let longest = axes == 3 ? 4 : 7
    func list(_ numbers: [Int]) -> HyperparameterValue { .list(numbers.map { .integer($0) }) }
    while true {
      let kernel = (0..<axes).map { _ in random.integer(in: 1...(axes == 3 ? 3 : 4)) }
      let dilation = (0..<axes).map { _ in dilates ? random.integer(in: 1...3) : 1 }
      let reach = zip(kernel, dilation).map { ($0 - 1) * $1 + 1 }
      let padding = (reach + reach).map { pads ? random.integer(in: 0...$0 / 2) : 0 }
      let stride = (0..<axes).map { _ in random.integer(in: 1...4) }
      let extents = (0..<axes).map { _ in random.integer(in: 1...longest) }
      let ceilMode = random.integer(in: 0...1) == 1
      let fits = (0..<axes).allSatisfy {
        let slack = extents[$0] + padding[$0] + padding[axes + $0] - reach[$0]
        return slack >= 0 || (ceilMode && slack > -stride[$0])
      }
      guard fits else { continue }
      var hyperparameters: [String: HyperparameterValue] = [
        "kernel_size": list(kernel), "stride": list(stride), "ceil_mode": .boolean(ceilMode),
      ]
      if pads { hyperparameters["padding"] = list(padding) }
      if dilates { hyperparameters["dilation"] = list(dilation) }
      self.hyperparameters = hyperparameters
      image = Shape([random.integer(in: 1...2), random.integer(in: 1...2)] + extents)
      return
    }
  }

  /// A pool whose windows cover the image.
  init(adaptive axes: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let longest = axes == 3 ? 4 : 8
    hyperparameters = [
      "output_size": .list((0..<axes).map { _ in .integer(random.integer(in: 1...longest)) })
    ]
    image = Shape([1, 2] + (0..<axes).map { _ in random.integer(in: 1...longest) })
  }

  /// Holds the kind of this name against its definition.
  func check(
    _ kind: String, _ others: [String: HyperparameterValue] = [:], seed: UInt64,
    positive: Bool = false
  ) throws {
    let layer = try Application.layer(kind, hyperparameters.merging(others) { $1 })
    var random = RandomOperands(seed: seed)
    var x = random.tensor(image)
    if positive { x = x.map { $0.magnitude + 0.125 } }
    let operands = Operands(inputs: [x])
    let forward = try layer.double.forward(operands).outputs
    #expect(try layer.outputShapes(operands.shapes) == forward.map(\.shape), "seed \(seed)")
    let defined = try layer.double.define(operands).outputs
    #expect(forward[0].relativeDifference(from: defined[0]) <= 1e-14, "seed \(seed)")
    for identity in try AdjointIdentity.measure(layer, operands, seed: seed) {
      #expect(identity.holds(), "\(identity), seed \(seed)")
    }
  }
}

@Test(arguments: 1...3)
func `random maximum pools`(_ axes: Int) throws {
  for seed in 0..<100 as Range<UInt64> {
    try RandomPool(sliding: axes, seed: seed, dilates: true).check("MaxPool\(axes)d", seed: seed)
    try RandomPool(adaptive: axes, seed: seed).check("AdaptiveMaxPool\(axes)d", seed: seed)
  }
}

@Test(arguments: 1...3)
func `random average and sum pools`(_ axes: Int) throws {
  var divisors: [[String: HyperparameterValue]] = [["count_include_pad": false], [:]]
  if axes > 1 { divisors.append(["divisor_override": 3]) }
  for seed in 0..<80 as Range<UInt64> {
    let pool = RandomPool(sliding: axes, seed: seed)
    try pool.check("SumPool\(axes)d", seed: seed)
    for divisor in divisors { try pool.check("AvgPool\(axes)d", divisor, seed: seed) }
    try RandomPool(adaptive: axes, seed: seed).check("AdaptiveAvgPool\(axes)d", seed: seed)
  }
}

@Test(arguments: 1...3)
func `random power-average pools`(_ axes: Int) throws {
  let norms: [Double] = [1, 2, 3, 4, 0.5, 1.7, -1, -2, -0.3, .infinity, -.infinity]
  for seed in 0..<110 as Range<UInt64> {
    let norm = norms[Int(seed) % norms.count]
    try RandomPool(sliding: axes, seed: seed, pads: false).check(
      "LPPool\(axes)d", ["norm_type": .real(norm)], seed: seed, positive: norm.isFinite)
  }
}
