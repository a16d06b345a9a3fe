import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

/// A window of two cells, and what PyTorch makes of it.
///
/// Made with torch.nn.LPPool1d 2.13.0 (CPU) in float64, with the upstream gradient 1.
struct PairOfCells: Sendable {
  let norm: Double
  let x: [Double]
  let y: Double
  let dx: [Double]

  init(_ norm: Double, _ x: [Double], _ y: Double, _ dx: [Double]) {
    (self.norm, self.x, self.y, self.dx) = (norm, x, y, dx)
  }

  private static let nan = Double.nan
  private static let infinity = Double.infinity

  /// Sums of zero, and powers that have no root.
  static let finite = [
    PairOfCells(1, [1, -1], 0, [0, 0]),
    PairOfCells(1, [-2, 1], -1, [1, 1]),
    PairOfCells(2, [0, 0], 0, [0, 0]),
    PairOfCells(2, [-2, 1], 2.23606797749979, [-0.8944271909999159, 0.4472135954999579]),
    PairOfCells(3, [1, -1], 0, [0, 0]),
    PairOfCells(3, [2, -1], 1.912931182772389, [1.0931035330127936, 0.2732758832531984]),
    PairOfCells(3, [-2, 1], nan, [nan, nan]),
    PairOfCells(0.5, [0, 0], 0, [nan, nan]),
    PairOfCells(0.5, [0, 1], 1, [infinity, 1]),
    PairOfCells(0.5, [1, -1], nan, [nan, nan]),
    PairOfCells(-1, [1, -1], infinity, [0, 0]),
    PairOfCells(-1, [0, 1], 0, [nan, 0]),
    PairOfCells(-1, [2, -1], -2, [1, 4]),
    PairOfCells(-2, [2, -1], 0.8944271909999159, [0.08944271909999159, -0.7155417527999327]),
    PairOfCells(-3, [2, -1], nan, [nan, nan]),
    PairOfCells(1e20, [1, -1], 1, [0.5, 0.5]),
    PairOfCells(1e20, [-2, 1], infinity, [nan, 0]),
  ]

  /// NaN and infinities.
  static let nonFinite = [
    PairOfCells(1, [nan, 1], nan, [0, 0]),
    PairOfCells(1, [-infinity, 1], -infinity, [1, 1]),
    PairOfCells(2, [nan, 1], nan, [nan, nan]),
    PairOfCells(2, [infinity, 1], infinity, [nan, 0]),
    PairOfCells(3, [-infinity, 1], infinity, [nan, 0]),
    PairOfCells(0.5, [-infinity, 1], nan, [nan, nan]),
    PairOfCells(1.0 / 3, [-infinity, 1], infinity, [nan, infinity]),
    PairOfCells(2.5, [-infinity, 1], infinity, [nan, 0]),
    PairOfCells(-2, [infinity, 1], 1, [0, 1]),
  ]

  /// Magnitudes.
  static let infinite = [
    PairOfCells(infinity, [-2, 1], 2, [-1, 0]),
    PairOfCells(infinity, [-2, 2], 2, [-1, 0]),
    PairOfCells(infinity, [0, 0], 0, [0, 0]),
    PairOfCells(infinity, [nan, 1], nan, [0, 0]),
    PairOfCells(infinity, [-infinity, 1], infinity, [-1, 0]),
    PairOfCells(-infinity, [-2, -3], 2, [-1, 0]),
    PairOfCells(-infinity, [0, 1], 0, [0, 0]),
    PairOfCells(-infinity, [nan, 1], nan, [0, 0]),
    PairOfCells(-infinity, [infinity, 1], 1, [0, 1]),
  ]
}

private func agrees(_ found: Double, _ expected: Double) -> Bool {
  if expected.isNaN { return found.isNaN }
  return found == expected || (found - expected).magnitude <= 4e-16 * expected.magnitude
}

@Test(arguments: PairOfCells.finite + PairOfCells.nonFinite + PairOfCells.infinite)
func `power averages where PyTorch does something particular`(_ pair: PairOfCells) throws {
  let hyperparameters: [String: HyperparameterValue] = [
    "norm_type": .real(pair.norm), "kernel_size": 2,
  ]
  let x = Tensor([1, 1, 2], pair.x)
  let applied = try Application(
    "LPPool1d", hyperparameters, on: [x], upstream: Tensor([1, 1, 1], [1]))
  #expect(agrees(applied.output[0], pair.y), "\(applied.output)")
  #expect(zip(applied.gradient(), pair.dx).allSatisfy(agrees), "\(applied.gradient())")
  let layer = try Application.layer("LPPool1d", hyperparameters)
  #expect(agrees(try layer.double.define(Operands(inputs: [x])).outputs[0][0], pair.y))
}

// With p = 1 a power average is a sum, with p = 2 the root of a sum of squares: 3² + 4² = 5².
@Test func `power averages by hand`() throws {
  let x = tensor([1, 1, 1, 4], "3 4 -5 12")
  func output(_ norm: HyperparameterValue) throws -> [Double] {
    try Application(
      "LPPool2d", ["norm_type": norm, "kernel_size": [1, 2]], on: [x],
      upstream: Tensor([1, 1, 1, 2], [1, 1])
    ).output
  }
  #expect(try output(1) == [7, 7])
  #expect(try output(2) == [5, 13])
}

/// A promise is tested only where there is one: the part of the limits that are finite, and how
/// much of the largest is used.
@Test(arguments: [1, 2, 3, 4, 0.5, 1.7, -1, -2.5], 1...3)
func `the bound of a power average promises something`(_ norm: Double, _ axes: Int) throws {
  let layer = try Application.layer(
    "LPPool\(axes)d", ["norm_type": .real(norm), "kernel_size": 2, "stride": 1])
  let rounding = Rounding(.float32).combined(with: Rounding(.float64))
  var worst: [ResultTensor: Double] = [:]
  for seed in 0..<10 as Range<UInt64> {
    var random = RandomOperands(seed: seed, format: .float32)
    let extents = [Int](repeating: axes == 3 ? 4 : 9, count: axes)
    let x = random.tensor(Shape([2, 2] + extents)).map {
      NumberFormat.float32.rounded($0.magnitude + 0.01)
    }
    let operands = Operands(inputs: [x], format: .float32)
    let y = try layer.double.forward(operands).outputs[0]
    let upstream = [random.tensor(y.shape)]
    for comparison in try PrecisionComparison.measure(layer, operands, upstream: upstream) {
      #expect(comparison.ratio <= 1, "\(comparison.tensor), seed \(seed)")
      worst[comparison.tensor] = max(worst[comparison.tensor] ?? 0, comparison.ratio)
    }
    let gradient = try layer.double.backward(
      operands, upstream, GradientRequest(inputs: [0], parameters: [])
    ).inputs[0]
    let computed: [(ResultTensor, Tensor<Double>)] = [
      (.output(0), y), (.inputGradient(0), try #require(gradient)),
    ]
    for (tensor, values) in computed {
      let question = BoundQuestion(
        tensor, operands: operands, upstream: upstream, computed: values, rounding: rounding)
      guard case .elementwise(let limits) = try layer.bound(question) else {
        Issue.record("the limits are not given element by element")
        return
      }
      #expect(limits.elements.allSatisfy { $0.isFinite })
      let scale = values.elements.map(\.magnitude).max() ?? 0
      #expect(limits.elements.allSatisfy { $0 <= 200 * rounding.unit * scale })
    }
  }
  #expect(worst.values.allSatisfy { $0 > 0.02 }, "\(worst)")
}
