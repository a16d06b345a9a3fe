public import LayerKit
public import Tensors

extension NormalizationLayer {
  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let x = question.operands.inputs[0]
    let groups = groups(question.operands.shapes)
    guard x.count > 0 else { return .exact }
    if question.tensor == .parameterGradient("bias") { return biasBound(question, groups) }
    if let given = givenStatistics(question.operands) {
      guard case .buffer = question.tensor else {
        return .elementwise(givenLimits(question, groups, given))
      }
      // Without statistics of its own the input leaves the running ones as they were.
      return .exact
    }
    let measured = MeasuredNormalizationBound(self, question, groups)
    if case .buffer(let name) = question.tensor {
      return bufferLimits(name, question, measured.groups)
    }
    return .elementwise(measured.limits())
  }

  /// db is a plain sum: γ(n)·Σ|dy|, where a reference of 16 bits may store the parts of groups.
  private func biasBound(_ question: BoundQuestion, _ groups: NormalizationGroups) -> ErrorBound {
    let sums = groups.weightSums(question.upstream[0].elements.map(\.magnitude))
    let magnitude = Tensor(question.computed.shape, sums)
    let terms = groups.elementsPerWeight
    guard question.operands.format.unitRoundoff > NumberFormat.float32.unitRoundoff,
      !groups.weightsAreGroups
    else { return .sum(terms: terms, magnitude: magnitude, products: false) }
    let factor = question.rounding.gamma(terms)
    return .elementwise(magnitude.map { $0 == 0 ? 0 : factor * $0 + question.rounding.underflow })
  }

  /// The limits for given statistics, where a few products and sums remain.
  ///
  /// Some compute w·(x − r)/s + b, others x·α + (b − r·α) with α = w/s, which cancels: the
  /// magnitudes are taken before that. A variance below zero cancels against ε.
  private func givenLimits(
    _ question: BoundQuestion, _ groups: NormalizationGroups, _ given: GroupStatistics<Double>
  ) -> Tensor<Double> {
    let operands = question.operands
    let x = operands.inputs[0]
    let rounding = question.rounding
    let epsilon = epsilon(operands)
    let (weight, bias) = (operands.parameters["weight"], operands.parameters["bias"])
    let parts = rounding.gamma(groups.elementsPerWeight + 6)
    var limits = question.computed.map { _ in 0.0 }
    for g in 0..<groups.count {
      let mean = given.means[g].magnitude
      let deviation = deviation(given.variances[g], operands)
      let cancelled = (given.variances[g].magnitude + epsilon) / (deviation * deviation)
      for offset in groups.offsets(of: g) {
        let k = groups.weight(at: offset)
        let w = (weight?[k] ?? 1).magnitude
        let size = (x[offset].magnitude + mean) / deviation
        switch question.tensor {
        case .output:
          limits[offset] =
            rounding.gamma(8) * cancelled * (w * size + (bias?[k] ?? 0).magnitude)
            + rounding.underflow * (2 + w)
        case .inputGradient:
          let dy = question.upstream[0][offset].magnitude
          limits[offset] =
            rounding.gamma(6) * cancelled * w * dy / deviation
            + rounding.underflow * (1 + dy + 1 / deviation)
        case .parameterGradient, .buffer:
          let dy = question.upstream[0][offset].magnitude
          limits[k] += parts * cancelled * dy * size + rounding.underflow * (1 + dy)
        }
      }
    }
    return limits
  }
}

/// The bounds of a normalisation by the statistics of its own input, group by group.
///
/// E_x̂ is the error of x̂ = (x − μ)/s, and κ = |μ|/s. Some compute x/s − μ/s instead, which adds
/// 3uκ, and some compute a sum Σ h·x̂ as (Σ h·x − μ·Σ h)/s, which adds 2κ·|h| to each term.
private struct MeasuredNormalizationBound {
  let question: BoundQuestion
  let layout: NormalizationGroups
  let groups: [NormalizationRounding]
  private let removesMean: Bool
  private let x: Tensor<Double>
  private let weight: Tensor<Double>?
  private let bias: Tensor<Double>?

  init(_ layer: some NormalizationLayer, _ question: BoundQuestion, _ layout: NormalizationGroups) {
    self.question = question
    self.layout = layout
    removesMean = layer.removesMean
    let operands = question.operands
    let x = operands.inputs[0]
    groups = (0..<layout.count).map { g in
      NormalizationRounding(
        layout.offsets(of: g).map { x[$0] }, removesMean: layer.removesMean,
        epsilon: layer.epsilon(operands), operands.format, question.rounding)
    }
    self.x = x
    weight = operands.parameters["weight"]
    bias = operands.parameters["bias"]
  }

  private var unit: Double { question.rounding.unit }
  private var underflow: Double { question.rounding.underflow }

  /// A limit for each element.
  func limits() -> Tensor<Double> {
    var limits = question.computed.map { _ in 0.0 }
    for (g, group) in groups.enumerated() {
      switch question.tensor {
      case .output: output(g, group, &limits)
      case .inputGradient: inputGradient(g, group, &limits)
      case .parameterGradient, .buffer: addWeightGradient(g, group, &limits)
      }
    }
    return limits
  }

  private func factor(_ offset: Int) -> Double {
    (weight?[layout.weight(at: offset)] ?? 1).magnitude
  }

  /// 1.01·[|w|(E_x̂ + 2u|x̂| + 2uκ + η) + 2u(|b| + |y|) + η].
  private func output(_ g: Int, _ group: NormalizationRounding, _ limits: inout Tensor<Double>) {
    for offset in layout.offsets(of: g) {
      guard group.isBounded else {
        limits[offset] = .infinity
        continue
      }
      let normalized = group.normalized(x[offset]).magnitude + group.shift
      let b = (bias?[layout.weight(at: offset)] ?? 0).magnitude
      let y = question.computed[offset].magnitude
      limits[offset] =
        1.01
        * (factor(offset) * (group.normalizedError(x[offset]) + 2 * unit * normalized + underflow)
          + 2 * unit * (b + y) + underflow)
    }
  }

  /// The limits of dx = (h − Q − x̂·P)/s, for h = w·dy, Q = mean h, P = mean h·x̂; without a mean
  /// that is removed, Q = 0.
  ///
  ///     E_Q = γ(m+2)·mean|h| + η
  ///     E_P = mean(|h|·E_x̂) + γ(m+4)·(mean|h·x̂| + 2κ·mean|h|) + 2η
  ///     1.01/s·[(|h| + |Q| + |x̂·P|)(γ(8) + δ) + E_Q + (E_x̂ + 3uκ)(|P| + E_P) + |x̂|·E_P + 2η] + 2η
  private func inputGradient(
    _ g: Int, _ group: NormalizationRounding, _ limits: inout Tensor<Double>
  ) {
    let dy = question.upstream[0]
    var sums = (h: 0.0, magnitude: 0.0, product: 0.0, productMagnitude: 0.0, error: 0.0)
    for offset in layout.offsets(of: g) {
      let w = weight?[layout.weight(at: offset)] ?? 1
      let h = w * dy[offset]
      let product = h * group.normalized(x[offset])
      sums.h += h
      sums.magnitude += h.magnitude
      sums.product += product
      sums.productMagnitude += product.magnitude
      sums.error += h.magnitude * group.normalizedError(x[offset])
    }
    let count = Double(layout.size)
    let rounding = question.rounding
    let p = sums.product.magnitude / count
    let q = removesMean ? sums.h.magnitude / count : 0
    let meanError =
      removesMean ? rounding.gamma(layout.size + 2) * sums.magnitude / count + underflow : 0
    let productError =
      (sums.error
        + rounding.gamma(layout.size + 4)
        * (sums.productMagnitude + 2 * group.shift * sums.magnitude)) / count + 2 * underflow
    for offset in layout.offsets(of: g) {
      guard group.isBounded else {
        limits[offset] = .infinity
        continue
      }
      let normalized = group.normalized(x[offset]).magnitude
      let error = group.normalizedError(x[offset]) + 3 * unit * group.shift
      let h = factor(offset) * dy[offset].magnitude
      limits[offset] =
        1.01 / group.deviation
        * ((h + q + normalized * p) * (rounding.gamma(8) + group.deviationError) + meanError
          + error * (p + productError) + normalized * productError + 2 * underflow)
        + 2 * underflow
    }
  }

  /// 1.01·Σ|dy|(E_x̂ + γ(n+4)(|x̂| + 2κ) + η), n the number of terms.
  private func addWeightGradient(
    _ g: Int, _ group: NormalizationRounding, _ limits: inout Tensor<Double>
  ) {
    let gamma = question.rounding.gamma(layout.elementsPerWeight + 4)
    for offset in layout.offsets(of: g) {
      let k = layout.weight(at: offset)
      guard group.isBounded else {
        limits[k] = .infinity
        continue
      }
      let normalized = group.normalized(x[offset]).magnitude + 2 * group.shift
      limits[k] +=
        1.01 * question.upstream[0][offset].magnitude
        * (group.normalizedError(x[offset]) + gamma * normalized) + underflow
    }
  }
}
