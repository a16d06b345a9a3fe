import HDF5File

/// The names of the variables that Keras 3 only numbers.
///
/// Sources: keras/src/layers/layer.py (save_own_variables) and the `build` of each class: the order
/// is that in which variables are made.
struct KerasVariables {
  let context: KerasContext
  /// Names the variables of a layer, which stand in the order of their numbers.
  func names(of layer: KerasLayer) throws(WeightProblem) -> [String] {
    let count = layer.variables.count
    let names: [String]
    switch layer.kind {
    case .dense?, .convolution?, .transposed?, .depthwise?, nil:
      let isQuantised = layer.variables.first?.weight.type == .int8
      names =
        isQuantised
        ? (count == 3 ? ["kernel", "bias", "kernel_scale"] : ["kernel", "kernel_scale"])
        : Array(["kernel", "bias"].prefix(count))
    case .separable?:
      names = Array(["depthwise_kernel", "pointwise_kernel", "bias"].prefix(max(2, count)))
    case .batchNormalization?:
      names = try affine(layer, count - 2) + ["moving_mean", "moving_variance"]
    case .layerNormalization?, .groupNormalization?: names = try affine(layer, count)
    case .prelu?: names = ["alpha"]
    case .embedding?: names = ["embeddings"]
    }
    guard names.count == count else {
      let isQuantised = layer.variables.contains { !$0.weight.type.isFloatingPoint }
      throw WeightProblem(
        source: layer.path,
        .undecided(
          "has \(count) variables, which is not what its class has",
          advice: isQuantised
            ? "save the model unquantised"
            : "save it with model.save(\"model.h5\"), which has names"))
    }
    return names
  }

  /// Gamma and beta, as far as they are there.
  private func affine(_ layer: KerasLayer, _ count: Int) throws(WeightProblem) -> [String] {
    switch count {
    case 2: return ["gamma", "beta"]
    case 0: return []
    case 1:
      if let hasGamma = layer.config?.flag("scale"), let hasBeta = layer.config?.flag("center"),
        hasGamma != hasBeta
      {
        return hasGamma ? ["gamma"] : ["beta"]
      }
      if let target = context.target(layer) {
        let hasGamma = target.parameters["weight"] != nil
        if hasGamma != (target.parameters["bias"] != nil) { return hasGamma ? ["gamma"] : ["beta"] }
      }
      throw WeightProblem(
        source: layer.path,
        .undecided(
          "has \(layer.variables.count) variables: gamma or beta is left out, and nothing says which",
          advice: "use the .keras file of the model, or name a network that has only one"))
    default: return []
    }
  }
}
