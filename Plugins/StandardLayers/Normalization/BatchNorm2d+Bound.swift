public import LayerKit
public import Tensors

extension BatchNorm2d {
  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    if question.tensor == .buffer("num_batches_tracked") { return .exact }
    guard question.operands.inputs[0].count > 0 else { return .exact }
    // Without statistics of its own the batch leaves the running ones as they were.
    if case .buffer = question.tensor, !usesBatch(question.operands) { return .exact }
    let bound =
      usesBatch(question.operands)
      ? BatchStatisticsBound(self, question).limits() : runningStatisticsLimits(question)
    return bound.map { .elementwise($0) } ?? biasBound(question)
  }

  /// db is a plain sum: γ(m)·Σ|dy|.
  private func biasBound(_ question: BoundQuestion) -> ErrorBound {
    let planes = ChannelPlanes(question.operands.inputs[0].shape)
    let dy = question.upstream[0]
    let sums = (0..<planes.channels).map { c in
      planes.elements(of: c, in: dy).reduce(0) { $0 + $1.magnitude }
    }
    return .sum(
      terms: planes.count, magnitude: Tensor([planes.channels], sums), products: false)
  }

  /// The limits for given statistics, where a few products and sums remain.
  ///
  /// Some compute w·(x − r)/s + b, others x·α + (b − r·α) with α = w/s, which cancels: the
  /// magnitudes are taken before that.
  private func runningStatisticsLimits(_ question: BoundQuestion) -> Tensor<Double>? {
    let operands = question.operands
    let x = operands.inputs[0]
    let planes = ChannelPlanes(x.shape)
    let rounding = question.rounding
    var limits = question.computed.map { _ in 0.0 }
    for c in 0..<planes.channels {
      let mean = (operands.buffers["running_mean"]?[c] ?? 0).magnitude
      let variance = operands.buffers["running_var"]?[c] ?? 1
      let deviation = (variance + operands.constant(epsilon)).squareRoot()
      let weight = (operands.parameters["weight"]?[c] ?? 1).magnitude
      let bias = (operands.parameters["bias"]?[c] ?? 0).magnitude
      for offset in planes.planes(of: c).joined() {
        switch question.tensor {
        case .output:
          let scaled = (x[offset].magnitude + mean) / deviation
          limits[offset] = rounding.gamma(8) * (weight * scaled + bias)
        case .inputGradient:
          let dy = question.upstream[0][offset].magnitude
          limits[offset] = rounding.gamma(6) * weight * dy / deviation
        case .parameterGradient("weight"):
          let product = question.upstream[0][offset] * (x[offset].magnitude + mean)
          limits[c] += rounding.gamma(planes.count + 6) * product.magnitude / deviation
        case .parameterGradient, .buffer:
          return nil
        }
      }
    }
    return limits
  }
}

/// The bounds of batch normalisation by the statistics of the batch, channel by channel.
private struct BatchStatisticsBound {
  let layer: BatchNorm2d
  let question: BoundQuestion
  let planes: ChannelPlanes
  let x: Tensor<Double>

  init(_ layer: BatchNorm2d, _ question: BoundQuestion) {
    self.layer = layer
    self.question = question
    self.x = question.operands.inputs[0]
    self.planes = ChannelPlanes(x.shape)
  }

  private var unit: Double { question.rounding.unit }

  private func statistics(_ channel: Int) -> NormalizationRounding {
    NormalizationRounding(
      planes.elements(of: channel, in: x), epsilon: question.operands.constant(layer.epsilon),
      question.rounding)
  }

  /// A limit for each element; nil for the gradient of the bias.
  func limits() -> Tensor<Double>? {
    var limits = question.computed.map { _ in Double.infinity }
    for c in 0..<planes.channels {
      let group = statistics(c)
      switch question.tensor {
      case .buffer(let name):
        limits[c] = buffer(name, c, group)
      case .output where group.isBounded:
        output(c, group, &limits)
      case .inputGradient where group.isBounded:
        inputGradient(c, group, &limits)
      case .parameterGradient("weight") where group.isBounded:
        limits[c] = weightGradient(c, group)
      case .parameterGradient("bias"):
        return nil
      default:
        break
      }
    }
    return limits
  }

  /// 1.01·[|w|(E_x̂ + 2u|x̂|) + 2u|b| + 2u|y| + 2u|wμ/s|].
  private func output(_ c: Int, _ group: NormalizationRounding, _ limits: inout Tensor<Double>) {
    let weight = (question.operands.parameters["weight"]?[c] ?? 1).magnitude
    let bias = (question.operands.parameters["bias"]?[c] ?? 0).magnitude
    let shift = weight * group.mean.magnitude / group.deviation
    for offset in planes.planes(of: c).joined() {
      let normalized = group.normalized(x[offset]).magnitude
      let y = question.computed[offset].magnitude
      limits[offset] =
        1.01
        * (weight * (group.normalizedError(x[offset]) + 2 * unit * normalized)
          + 2 * unit * (bias + y + shift))
    }
  }

  /// The limits of ∂L/∂x, for h = dy.
  ///
  ///     |w|·1.01/s·[(|h| + mean|h| + |x̂|·mean|h·x̂|)(γ(m+8) + δ) + E_x̂·|mean(h·x̂)|
  ///                 + |x̂|·mean(|h|·E_x̂) + E_x̂·mean(|h|·E_x̂)]
  private func inputGradient(
    _ c: Int, _ group: NormalizationRounding, _ limits: inout Tensor<Double>
  ) {
    let g = question.upstream[0]
    let weight = (question.operands.parameters["weight"]?[c] ?? 1).magnitude
    var sums = (magnitude: 0.0, product: 0.0, productMagnitude: 0.0, error: 0.0)
    for offset in planes.planes(of: c).joined() {
      let product = g[offset] * group.normalized(x[offset])
      sums.magnitude += g[offset].magnitude
      sums.product += product
      sums.productMagnitude += product.magnitude
      sums.error += g[offset].magnitude * group.normalizedError(x[offset])
    }
    let count = Double(planes.count)
    let relative = question.rounding.gamma(planes.count + 8) + group.deviationError
    for offset in planes.planes(of: c).joined() {
      let normalized = group.normalized(x[offset]).magnitude
      let error = group.normalizedError(x[offset])
      let size =
        g[offset].magnitude + sums.magnitude / count + normalized * sums.productMagnitude / count
      limits[offset] =
        1.01 * weight / group.deviation
        * (size * relative + error * sums.product.magnitude / count
          + (normalized + error) * sums.error / count)
    }
  }

  /// 1.01·Σ|g|(E_x̂ + γ(m+2)|x̂|).
  private func weightGradient(_ c: Int, _ group: NormalizationRounding) -> Double {
    let gamma = question.rounding.gamma(planes.count + 2)
    var sum = 0.0
    for offset in planes.planes(of: c).joined() {
      sum +=
        question.upstream[0][offset].magnitude
        * (group.normalizedError(x[offset]) + gamma * group.normalized(x[offset]).magnitude)
    }
    return 1.01 * sum
  }

  /// (1 − a)·r + a·new, from the statistic's own error and a few roundings.
  private func buffer(_ name: String, _ c: Int, _ group: NormalizationRounding) -> Double {
    let operands = question.operands
    let tracked = operands.buffers["num_batches_tracked"]?[0] ?? 0
    let momentum = layer.momentum ?? 1 / (tracked + 1)
    let count = Double(planes.count)
    let correction = layer.updatesUnbiased ? count / (count - 1) : 1
    let (new, error) =
      name == "running_mean"
      ? (group.mean.magnitude, group.meanError)
      : (correction * group.variance, correction * group.varianceError)
    let old = (operands.buffers[name]?[c] ?? 0).magnitude
    return 1.01
      * (momentum.magnitude * error
        + question.rounding.gamma(6) * ((1 - momentum).magnitude * old + momentum.magnitude * new))
  }
}
