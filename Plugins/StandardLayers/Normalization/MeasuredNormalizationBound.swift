import LayerKit
import Tensors

/// The bounds of a normalisation by the statistics of its own input, group by group.
///
/// E_x̂ is the error of x̂ = (x − μ)/s, and κ = |μ|/s. Some compute x/s − μ/s instead, which adds
/// 3uκ, and some compute a sum Σ h·x̂ as (Σ h·x − μ·Σ h)/s, which adds 2κ·|h| to each term. With
/// d = x − μ, E_x̂ = e₀ + e₁·|d|, so that every limit follows from a few sums and from |d|.
struct MeasuredNormalizationBound {
  private let question: BoundQuestion
  private let layout: NormalizationGroups
  private let removesMean: Bool
  private let epsilon: Double
  private let weight: Tensor<Double>?
  private let bias: Tensor<Double>?

  init(_ layer: some NormalizationLayer, _ question: BoundQuestion, _ layout: NormalizationGroups) {
    self.question = question
    self.layout = layout
    removesMean = layer.removesMean
    epsilon = layer.epsilon(question.operands)
    weight = question.operands.parameters["weight"]
    bias = question.operands.parameters["bias"]
  }

  private var unit: Double { question.rounding.unit }
  private var underflow: Double { question.rounding.underflow }

  /// The rounding of each group's statistics.
  func groups() -> [NormalizationRounding] {
    let x = question.operands.inputs[0].elements
    return x.withUnsafeBufferPointer { x in
      guard let base = x.baseAddress else { return [] }
      nonisolated(unsafe) let x = base
      return Array(parallelCount: layout.count, blockSize: layout.groupsPerTask) { tasks, result in
        for g in tasks { result[g] = rounding(x, g) }
      }
    }
  }

  private func rounding(_ x: UnsafePointer<Double>, _ g: Int) -> NormalizationRounding {
    NormalizationRounding(
      x, group: g, of: layout, removesMean: removesMean, epsilon: epsilon,
      question.operands.format, question.rounding)
  }

  private func factor(_ k: Int) -> Double { (weight?[k] ?? 1).magnitude }

  /// A limit for each element.
  func limits() -> Tensor<Double> {
    let x = question.operands.inputs[0]
    let shape = question.computed.shape
    switch question.tensor {
    case .output:
      return LimitMemory.limits(shape, question.computed, x) { memory in
        layout.forEachGroupInParallel { output($0, memory) }
      }
    case .inputGradient:
      return LimitMemory.limits(shape, weightedUpstream(), x) { memory in
        layout.forEachGroupInParallel { inputGradient($0, memory) }
      }
    case .parameterGradient, .buffer:
      return LimitMemory.limits(shape, question.upstream[0], x) { memory in
        memory.limits.update(repeating: 0, count: shape.count)
        if layout.weightsAreGroups {
          layout.forEachGroupInParallel { addWeightGradient($0, memory) }
        } else {
          // Groups share weights: their sums are added in order.
          for g in 0..<layout.count { addWeightGradient(g, memory) }
        }
      }
    }
  }

  /// 1.01·[|w|(E_x̂ + 2u|x̂| + 2uκ + η) + 2u(|b| + |y|) + η].
  private func output(
    _ g: Int, _ memory: LimitMemory
  ) {
    let group = rounding(memory.q, g)
    layout.forEachRun(of: g) { k, run in
      guard group.isBounded else { return memory.leaveUnbounded(run) }
      let b = (bias?[k] ?? 0).magnitude
      let own = group.errorBase + 2 * unit * group.shift + underflow
      AffineLimit(
        base: 1.01 * (factor(k) * own + 2 * unit * b + underflow), first: 1.01 * 2 * unit,
        second: 1.01 * factor(k) * (group.errorSlope + 2 * unit / group.deviation),
        shift: group.mean
      ).fill(memory, run)
    }
  }

  /// h = w·dy; dy itself where a group has one weight, which then is a factor of its sums.
  private func weightedUpstream() -> Tensor<Double> {
    var h = question.upstream[0]
    guard let weight, layout.weightsPerGroup != 1 else { return h }
    layout.forEachRun { k, run in
      let w = weight[k]
      for offset in run { h[offset] *= w }
    }
    return h
  }

  /// The limits of dx = (h − Q − x̂·P)/s, for h = w·dy, Q = mean h, P = mean h·x̂; without a mean
  /// that is removed, Q = 0.
  ///
  ///     E_Q = γ(m+2)·mean|h| + η
  ///     E_P = mean(|h|·E_x̂) + γ(m+4)·(mean|h·x̂| + 2κ·mean|h|) + 2η
  ///     1.01/s·[(|h| + |Q| + |x̂·P|)(γ(8) + δ) + E_Q + (E_x̂ + 3uκ)(|P| + E_P) + |x̂|·E_P + 2η] + 2η
  private func inputGradient(
    _ g: Int, _ memory: LimitMemory
  ) {
    let group = rounding(memory.q, g)
    guard group.isBounded else {
      layout.forEachPiece(of: g) { memory.leaveUnbounded($0) }
      return
    }
    var sums = ProductSums()
    layout.forEachPiece(of: g) { sums.add(memory.p, memory.q, minus: group.mean, $0) }
    let (rounding, s) = (question.rounding, group.deviation)
    // What is left of the weight: a factor of all sums.
    let w = layout.weightsPerGroup == 1 ? factor(layout.channel(of: g)) : 1
    let scale = w / Double(layout.size)
    let p = scale * sums.product.magnitude / s
    let q = removesMean ? scale * sums.total.magnitude : 0
    let meanError =
      removesMean
      ? rounding.gamma(layout.size + 2) * scale * sums.magnitude + underflow : 0
    let productError =
      scale
      * (group.errorBase * sums.magnitude + group.errorSlope * sums.productMagnitude
        + rounding.gamma(layout.size + 4)
        * (sums.productMagnitude / s + 2 * group.shift * sums.magnitude)) + 2 * underflow
    let parts = rounding.gamma(8) + group.deviationError
    let reach = p + productError
    let constant =
      q * parts + meanError + (group.errorBase + 3 * unit * group.shift) * reach + 2 * underflow
    let limit = AffineLimit(
      base: 1.01 / s * constant + 2 * underflow, first: 1.01 / s * w * parts,
      second: 1.01 / s * (p / s * parts + group.errorSlope * reach + productError / s),
      shift: group.mean)
    layout.forEachPiece(of: g) { limit.fill(memory, $0) }
  }

  /// 1.01·Σ|dy|(E_x̂ + γ(n+4)(|x̂| + 2κ) + η), n the number of terms.
  private func addWeightGradient(
    _ g: Int, _ memory: LimitMemory
  ) {
    let group = rounding(memory.q, g)
    let gamma = question.rounding.gamma(layout.elementsPerWeight + 4)
    layout.forEachRun(of: g) { k, run in
      guard group.isBounded else {
        memory.limits[k] = .infinity
        return
      }
      var sums = ProductSums()
      sums.add(memory.p, memory.q, minus: group.mean, run)
      let base = group.errorBase + 2 * gamma * group.shift
      let slope = group.errorSlope + gamma / group.deviation
      memory.limits[k] +=
        1.01 * (base * sums.magnitude + slope * sums.productMagnitude)
        + Double(run.count) * underflow
    }
  }
}
