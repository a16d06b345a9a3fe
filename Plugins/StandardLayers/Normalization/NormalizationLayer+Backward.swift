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
    var gradients = Gradients<S>(inputs: [nil])
    let wantsInput = wanted.inputs.contains(0)
    // dw[k] = Σ dy·x̂,  db[k] = Σ dy; where a weight has a whole group, dx needs the same sums.
    let needsSums = groups.weightsAreGroups && wantsInput
    let db = needsSums || wanted.parameters.contains("bias") ? groups.weightSums(dy) : []
    if wanted.parameters.contains("bias") {
      gradients.parameters["bias"] = operands.parameters["bias"].map { Tensor($0.shape, db) }
    }
    guard wantsInput || wanted.parameters.contains("weight") else { return gradients }
    // x̂ = (x − μ)/s
    let x = operands.inputs[0].elements
    let statistics = statistics(operands, groups)
    let means = statistics.means
    let deviations = statistics.variances.map { deviation($0, operands) }
    let dw =
      needsSums || wanted.parameters.contains("weight")
      ? weightGradient(x, dy, groups, means, deviations) : []
    if wanted.parameters.contains("weight") {
      gradients.parameters["weight"] = operands.parameters["weight"].map { Tensor($0.shape, dw) }
    }
    guard wantsInput else { return gradients }
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
    let products =
      !isMeasured
      ? none
      : needsSums
        ? dw : groups.elements.products(of: x, means: means, deviations: deviations, times: h)
    gradients.inputs[0] = Tensor(
      shape,
      groups.elements.gradient(
        x, h, means: means, deviations: deviations, factors: factors,
        shifts: sums.map { $0 / count }, slopes: products.map { $0 / count }))
    return gradients
  }

  /// Σ dy·x̂ over the elements of each weight.
  private func weightGradient<S: KernelScalar>(
    _ x: [S], _ dy: [S], _ groups: NormalizationGroups, _ means: [S], _ deviations: [S]
  ) -> [S] {
    guard groups.weightsAreGroups, !x.isEmpty else {
      let normalized = groups.elements.normalized(x, means: means, deviations: deviations)
      return groups.weightSums(dy, times: normalized)
    }
    return groups.elements.products(of: x, means: means, deviations: deviations, times: dy)
  }
}
