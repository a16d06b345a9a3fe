public import Kernels
public import LayerKit
public import Tensors

extension NormalizationLayer {
  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let shape = operands.inputs[0].shape
    let groups = groups(operands.shapes)
    let dy = upstream[0].elements
    // x̂ = (x − μ)/s
    var (normalized, statistics) = centred(operands, groups)
    let deviations = statistics.variances.map { deviation($0, operands) }
    groups.forEachPiece { g, piece in
      let s = deviations[g]
      for offset in piece { normalized[offset] /= s }
    }
    // dw[k] = Σ dy·x̂,  db[k] = Σ dy; where a weight has a whole group, dx needs the same sums.
    var gradients = Gradients<S>(inputs: [nil])
    let needsSums = groups.weightsAreGroups && wanted.inputs.contains(0)
    let dw =
      needsSums || wanted.parameters.contains("weight")
      ? groups.weightSums(dy, times: normalized) : []
    let db = needsSums || wanted.parameters.contains("bias") ? groups.weightSums(dy) : []
    for (name, sums) in [("weight", dw), ("bias", db)] where wanted.parameters.contains(name) {
      gradients.parameters[name] = operands.parameters[name].map { Tensor($0.shape, sums) }
    }
    guard wanted.inputs.contains(0) else { return gradients }
    // A weight of a whole group is a factor of its gradient; otherwise h = w·dy.
    let weight = operands.parameters["weight"]?.elements
    var (h, factors) = (dy, deviations.map { 1 / $0 })
    if let weight, groups.weightsPerGroup == 1 {
      for g in factors.indices { factors[g] = weight[groups.channel(of: g)] / deviations[g] }
    } else if let weight {
      groups.forEachRun { k, run in
        let w = weight[k]
        for offset in run { h[offset] *= w }
      }
    }
    // dx = (h − mean(h) − x̂·mean(h·x̂))/s; given statistics do not depend on x, and neither does
    // a mean that is not removed.
    let count = S(groups.size)
    let none = [S](repeating: 0, count: groups.count)
    let isMeasured = givenStatistics(operands) == nil
    let sums = !isMeasured || !removesMean ? none : needsSums ? db : groups.sums(h)
    let products = !isMeasured ? none : needsSums ? dw : groups.sums(h, times: normalized)
    groups.forEachPiece { g, piece in
      let (mean, product, factor) = (sums[g] / count, products[g] / count, factors[g])
      for offset in piece {
        normalized[offset] = factor * (h[offset] - mean - normalized[offset] * product)
      }
    }
    gradients.inputs[0] = Tensor(shape, normalized)
    return gradients
  }
}
