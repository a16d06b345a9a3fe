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
      return bufferLimits(name, question, measured.groups())
    }
    return .elementwise(measured.limits())
  }

  /// db is a plain sum: γ(n)·Σ|dy|, where a reference of 16 bits may store the parts of groups.
  private func biasBound(_ question: BoundQuestion, _ groups: NormalizationGroups) -> ErrorBound {
    let sums = groups.weightSums(question.upstream[0].magnitudes.elements)
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
    let shape = question.computed.shape
    let (weight, bias) = (operands.parameters["weight"], operands.parameters["bias"])
    let epsilon = epsilon(operands)
    // 1/s, and by how much a variance below zero cancels.
    let scales = given.variances.map { variance in
      let deviation = deviation(variance, operands)
      return (1 / deviation, (variance.magnitude + epsilon) / (deviation * deviation))
    }
    switch question.tensor {
    case .output:
      let gamma = rounding.gamma(8)
      return LimitMemory.limits(shape, x, x) { memory in
        groups.forEachGroupInParallel { g in
          let (inverse, cancelled) = scales[g]
          groups.forEachRun(of: g) { k, run in
            let w = (weight?[k] ?? 1).magnitude
            let fixed = w * given.means[g].magnitude * inverse + (bias?[k] ?? 0).magnitude
            AffineLimit(
              base: gamma * cancelled * fixed + rounding.underflow * (2 + w),
              first: gamma * cancelled * w * inverse
            ).fill(memory, run)
          }
        }
      }
    case .inputGradient:
      let gamma = rounding.gamma(6)
      return LimitMemory.limits(shape, question.upstream[0], x) { memory in
        groups.forEachGroupInParallel { g in
          let (inverse, cancelled) = scales[g]
          groups.forEachRun(of: g) { k, run in
            let w = (weight?[k] ?? 1).magnitude
            AffineLimit(
              base: rounding.underflow * (1 + inverse),
              first: gamma * cancelled * w * inverse + rounding.underflow
            ).fill(memory, run)
          }
        }
      }
    case .parameterGradient, .buffer:
      let gamma = rounding.gamma(groups.elementsPerWeight + 6)
      return LimitMemory.limits(shape, question.upstream[0], x) { memory in
        memory.limits.update(repeating: 0, count: shape.count)
        for g in 0..<groups.count {
          let (inverse, cancelled) = scales[g]
          groups.forEachRun(of: g) { k, run in
            var sums = ProductSums()
            sums.add(memory.p, memory.q, minus: 0, run)
            let size = sums.productMagnitude + given.means[g].magnitude * sums.magnitude
            memory.limits[k] +=
              gamma * cancelled * size * inverse
              + rounding.underflow * (Double(run.count) + sums.magnitude)
          }
        }
      }
    }
  }
}
