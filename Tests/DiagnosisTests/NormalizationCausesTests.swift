import LayerKit
import Tensors
import Testing

/// Faults of normalisations, from the formulas in the papers.
///
/// The data deviate by about 0.01 and every group by another number, so that an ε of 1e-5 shows.
@Suite struct NormalizationCausesTests {
  private let out: [ResultTensor] = [.output(0), .inputGradient(0), .parameterGradient("weight")]
  private let gradient: [ResultTensor] = [.inputGradient(0)]

  /// N C H W.
  private let shape: Shape = [4, 6, 3, 2]

  private func fault(
    _ kind: String, _ settings: [String: HyperparameterValue] = [:], weights: Shape = [6],
    isTraining: Bool = true, mean: Double = 0.03, seed: UInt64 = 51
  ) throws -> PlantedFault {
    var draw = Draw(seed: seed)
    var x = draw.tensor(shape)
    for offset in 0..<x.count {
      let (n, c) = (offset / 36, offset / 6 % 6)
      x[offset] = x[offset] * 0.004 * Double(1 + c + n % 2 * 3) + mean * Double(1 + c % 3)
    }
    var operands = Operands(
      inputs: [x],
      parameters: ["weight": draw.tensor(weights, from: 0.5, to: 1.5)], isTraining: isTraining)
    if kind != "RMSNorm" { operands.parameters["bias"] = draw.tensor(weights) }
    if kind == "BatchNorm2d" {
      operands.buffers = [
        "running_mean": draw.tensor([6], from: -0.02, to: 0.02),
        "running_var": draw.tensor([6], from: 1e-5, to: 3e-4),
      ]
    }
    return try PlantedFault(kind, settings, operands, upstream: [draw.tensor(shape)])
  }

  private func batchNorm(
    isTraining: Bool = true, _ settings: [String: HyperparameterValue] = [:]
  ) throws -> PlantedFault {
    try fault("BatchNorm2d", settings, isTraining: isTraining)
  }

  private func layerNorm() throws -> PlantedFault { try fault("LayerNorm", weights: [3, 2]) }

  private func groupNorm() throws -> PlantedFault { try fault("GroupNorm", ["num_groups": 3]) }

  // MARK: Groups

  /// Which group and which weight an element at N C H W has.
  private typealias Keys = (_ index: [Int]) -> (group: [Int], weight: Int)

  private let perChannel: Keys = { ([$0[1]], $0[1]) }
  private let perSample: Keys = { ([$0[0], $0[1]], $0[2] * 2 + $0[3]) }
  private let perGroup: Keys = { ([$0[0], $0[1] / 2], $0[1]) }

  /// How a wrong normalisation is computed.
  private struct Rule {
    var keys: Keys
    var deviation: (_ variance: Double, _ size: Double) -> Double = {
      variance, _ in (variance + 1e-5).squareRoot()
    }
    var removesMean = true
    /// Whether the gradient has the term of the mean.
    var meanTerm = true
    /// Whether it has that of the variance.
    var varianceTerm = true
    /// Mean and variance of the groups, where they are given.
    var given: (([Int]) -> (Double, Double))?
    var hasWeight = true
    var hasBias = true
  }

  private func normalized(
    _ tensor: ResultTensor, _ n: PlantedFault.Numbers, _ rule: Rule
  ) -> Tensor<Double> {
    let x = n.x
    let keys = (0..<x.count).map { rule.keys(x.shape.index(at: $0)) }
    let w = n.operands.parameter("weight")
    var (y, dx, dw) = (x, x, w.map { _ in 0.0 })
    for group in Set(keys.map(\.group)) {
      let members = keys.indices.filter { keys[$0].group == group }
      let m = Double(members.count)
      var (mean, variance) = (0.0, 0.0)
      if rule.removesMean { mean = members.reduce(0) { $0 + x[$1] } / m }
      variance = members.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / m
      if let given = rule.given { (mean, variance) = given(group) }
      let s = rule.deviation(variance, m)
      func h(_ i: Int) -> Double { (rule.hasWeight ? w[keys[i].weight] : 1) * n.dy[i] }
      func normal(_ i: Int) -> Double { (x[i] - mean) / s }
      let (q, p) = (
        members.reduce(0) { $0 + h($1) } / m, members.reduce(0) { $0 + h($1) * normal($1) } / m
      )
      let isMeasured = rule.given == nil
      for i in members {
        let bias = rule.hasBias ? n.operands.parameters["bias"]?[keys[i].weight] ?? 0 : 0
        y[i] = (rule.hasWeight ? w[keys[i].weight] : 1) * normal(i) + bias
        dx[i] =
          (h(i) - (isMeasured && rule.meanTerm && rule.removesMean ? q : 0)
            - (isMeasured && rule.varianceTerm ? normal(i) * p : 0)) / s
        dw[keys[i].weight] += n.dy[i] * normal(i)
      }
    }
    return tensor == .output(0) ? y : tensor == .inputGradient(0) ? dx : dw
  }

  private var kinds: [(fault: PlantedFault, family: String, keys: Keys)] {
    get throws {
      [
        (try batchNorm(), "batch-norm", perChannel), (try layerNorm(), "layer-norm", perSample),
        (try groupNorm(), "layer-norm", perGroup),
      ]
    }
  }

  // MARK: ε

  @Test(arguments: [1e-3, 1e-6, 0, 3.7e-4])
  func epsilon(_ other: Double) throws {
    for (fault, family, keys) in try kinds {
      try fault.expect("\(family)-epsilon", in: out, scales: [1, 10]) { tensor, n in
        normalized(
          tensor, n, Rule(keys: keys, deviation: { v, _ in (v + other).squareRoot() }))
      }
    }
  }

  @Test func epsilonOutsideRoot() throws {
    for (fault, _, keys) in try kinds {
      let rule = Rule(keys: keys, deviation: { v, _ in v.squareRoot() + 1e-5 })
      try fault.expect("normalisation-epsilon-outside-root", in: out) { normalized($0, $1, rule) }
    }
  }

  @Test func aGreatDeviationHidesEpsilon() throws {
    let fault = try batchNorm().scaled(1e4)
    let rule = Rule(keys: perChannel, deviation: { v, _ in (v + 1e-6).squareRoot() })
    let found = try fault.outcome(.output(0), .float32) { normalized(.output(0), $0, rule) }
    #expect(found.ids == [])
    #expect(found.visibility < 1)
  }

  // MARK: Statistics

  @Test func unbiasedVariance() throws {
    for (fault, family, keys) in try kinds {
      let rule = Rule(keys: keys, deviation: { v, m in (v * m / (m - 1) + 1e-5).squareRoot() })
      try fault.expect("\(family)-unbiased-variance", in: out) { normalized($0, $1, rule) }
    }
  }

  @Test func statisticsConstant() throws {
    for (fault, family, keys) in try kinds {
      let rule = Rule(keys: keys, meanTerm: false, varianceTerm: false)
      try fault.expect("\(family)-statistics-constant", in: gradient) { normalized($0, $1, rule) }
    }
  }

  @Test func termsOmitted() throws {
    for (fault, _, keys) in try kinds {
      let noMean = Rule(keys: keys, meanTerm: false)
      try fault.expect("normalisation-mean-term-omitted", in: gradient) {
        normalized($0, $1, noMean)
      }
      let noVariance = Rule(keys: keys, varianceTerm: false)
      try fault.expect("normalisation-variance-term-omitted", in: gradient) {
        normalized($0, $1, noVariance)
      }
    }
  }

  @Test func meanNotSubtracted() throws {
    for (fault, _, keys) in try kinds {
      try fault.expect("normalisation-mean-not-subtracted", in: out) {
        normalized($0, $1, Rule(keys: keys, removesMean: false))
      }
    }
    let root = try fault("RMSNorm", ["eps": 1e-5], weights: [3, 2])
    try root.expect("normalisation-mean-not-subtracted", in: out) {
      normalized($0, $1, Rule(keys: perSample))
    }
  }

  // MARK: Axes

  @Test func axes() throws {
    let others: [Keys] = [
      { ([$0[0]], $0[1]) }, { ([$0[0], $0[1]], $0[1]) }, { ([$0[1], $0[2], $0[3]], $0[1]) },
    ]
    for (index, keys) in others.enumerated() {
      // The weight's gradient of the last one is not predicted.
      try batchNorm().expect("normalisation-axes", in: index < 2 ? out : Array(out.prefix(2))) {
        normalized($0, $1, Rule(keys: keys))
      }
    }
    try layerNorm().expect("normalisation-axes", in: out) {
      normalized($0, $1, Rule(keys: { ([$0[2], $0[3]], $0[2] * 2 + $0[3]) }))
    }
    try layerNorm().expect("normalisation-axes", in: out) {
      normalized($0, $1, Rule(keys: { ([$0[0], $0[1], $0[2]], $0[2] * 2 + $0[3]) }))
    }
    try groupNorm().expect("normalisation-axes", in: out) {
      normalized($0, $1, Rule(keys: { ([$0[0]], $0[1]) }))
    }
  }

  @Test func groupOrder() throws {
    try groupNorm().expect("group-order", in: out) {
      normalized($0, $1, Rule(keys: { ([$0[0], $0[1] % 3], $0[1]) }))
    }
  }

  // MARK: Affine, mode

  @Test func affineOmitted() throws {
    for (fault, _, keys) in try kinds {
      try fault.expect("affine-omitted", in: Array(out.prefix(2))) {
        normalized($0, $1, Rule(keys: keys, hasWeight: false, hasBias: false))
      }
      try fault.expect("affine-omitted", in: [.output(0)], detail: "without the bias") {
        normalized($0, $1, Rule(keys: keys, hasBias: false))
      }
    }
  }

  @Test func aFreshLayerHidesAnAffineOmitted() throws {
    var fault = try batchNorm()
    fault.operands.parameters = [
      "weight": Tensor([6], repeating: 1), "bias": Tensor([6], repeating: 0),
    ]
    try fault.expectHidden("affine-omitted", in: .output(0)) {
      normalized(.output(0), $0, Rule(keys: perChannel, hasWeight: false, hasBias: false))
    }
  }

  @Test func trainingFlag() throws {
    try batchNorm().expect("training-flag", in: out) { tensor, n in
      let (mean, variance) = (n.operands.buffers["running_mean"], n.operands.buffers["running_var"])
      return normalized(
        tensor, n,
        Rule(keys: perChannel, given: { (mean?[$0[0]] ?? .nan, variance?[$0[0]] ?? .nan) }))
    }
    try batchNorm(isTraining: false).expect("training-flag", in: out) {
      normalized($0, $1, Rule(keys: perChannel))
    }
  }

  // MARK: Running statistics

  /// old·r + new·(mean or variance·factor) of each channel.
  private func running(
    _ name: String, _ n: PlantedFault.Numbers, old: Double, new: Double, factor: Double
  ) -> Tensor<Double> {
    var result = n.operands.buffers[name] ?? n.x
    for c in 0..<6 {
      let members = (0..<n.x.count).filter { n.x.shape.index(at: $0)[1] == c }
      let mean = members.reduce(0) { $0 + n.x[$1] } / 24
      let variance = members.reduce(0) { $0 + (n.x[$1] - mean) * (n.x[$1] - mean) } / 24
      result[c] = old * result[c] + new * (name == "running_mean" ? mean : variance * factor)
    }
    return result
  }

  @Test func momentumExchanged() throws {
    try batchNorm().expect(
      "batch-norm-momentum", in: [.buffer("running_mean"), .buffer("running_var")]
    ) { tensor, n in
      let name = tensor == .buffer("running_mean") ? "running_mean" : "running_var"
      return running(name, n, old: 0.1, new: 0.9, factor: 24.0 / 23)
    }
    let half = try batchNorm(["momentum": 0.5])
    try half.expectHidden("batch-norm-momentum", in: .buffer("running_mean")) {
      running("running_mean", $0, old: 0.5, new: 0.5, factor: 1)
    }
  }

  @Test func runningVarianceBiased() throws {
    try batchNorm().expect("running-variance-biased", in: [.buffer("running_var")]) { _, n in
      running("running_var", n, old: 0.9, new: 0.1, factor: 1)
    }
    try batchNorm(["unbiased_running_variance": false]).expect(
      "running-variance-biased", in: [.buffer("running_var")]
    ) { _, n in running("running_var", n, old: 0.9, new: 0.1, factor: 24.0 / 23) }
  }

  // MARK: Controls

  @Test func rightResultsGetNoCause() throws {
    let all = out + [.parameterGradient("bias")]
    for (fault, _, _) in try kinds {
      for scale in [1, 1e-3, 1e3, 1e-20] { try fault.scaled(scale).expectNoCause(in: all) }
    }
    try fault("RMSNorm", weights: [3, 2]).expectNoCause(in: out)
    try fault("InstanceNorm2d").expectNoCause(in: all)
    try batchNorm(isTraining: false).expectNoCause(in: all)
    try batchNorm().expectNoCause(in: [.buffer("running_mean"), .buffer("running_var")])
  }
}
