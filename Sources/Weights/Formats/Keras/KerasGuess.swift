import HDF5File

/// What a layer is where neither a configuration nor a path names its class.
///
/// The network tells it, or the names of its variables do, or at last the length of its bias; what
/// they leave open is refused. Shapes alone decide nothing.
struct KerasGuess {
  let context: KerasContext

  init(_ context: KerasContext) { self.context = context }

  func kind(
    of layer: KerasLayer, _ listing: inout WeightListing
  ) throws(WeightProblem) -> KerasKind {
    let names = Set(layer.variables.map(\.leaf))
    if !names.isDisjoint(with: ["moving_mean", "moving_variance"]) { return .batchNormalization }
    // Group and layer normalisation have the same variables, and the same conversion: none.
    if !names.isDisjoint(with: ["gamma", "beta"]) { return .layerNormalization }
    if names.contains("alpha") { return .prelu }
    if names.contains("embeddings") { return .embedding }
    if names.contains("pointwise_kernel") {
      return .separable((layer["pointwise_kernel"]?.shape.count ?? 4) - 2)
    }
    if let kernel = layer["depthwise_kernel"] { return .depthwise(kernel.shape.count - 2) }
    guard let kernel = layer["kernel"] else {
      throw WeightProblem(
        source: layer.variables.first?.weight.source ?? layer.path,
        .undecided(
          "belongs to a layer of a class that is not told", advice: KerasContext.nameANetwork)
      )
    }
    if let kind = try told(kernel, layer) { return kind }
    return try guessed(kernel, layer, &listing)
  }

  /// What the network says.
  private func told(
    _ kernel: StoredWeight, _ layer: KerasLayer
  ) throws(WeightProblem) -> KerasKind? {
    guard let target = context.target(layer) else { return nil }
    let axes = kernel.shape.count - 2
    switch target.kind {
    case "Linear": return .dense
    case "Embedding": return .embedding
    case "Conv1d", "Conv2d", "Conv3d":
      // With one input channel for each filter the two are the same where C is 1, and differ in
      // their shapes where it is not.
      let expected = target.parameters["weight"] ?? []
      let isDepthwise =
        context.generation == .three && expected.count > 1 && expected[1] == 1
        && axes > 0 && kernel.shape[axes] != 1
      return isDepthwise ? .depthwise(axes) : .convolution(axes)
    case "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d": return .transposed(axes)
    default: return nil
    }
  }

  /// What the bias says: it has one number for each output channel.
  private func guessed(
    _ kernel: StoredWeight, _ layer: KerasLayer, _ listing: inout WeightListing
  ) throws(WeightProblem) -> KerasKind {
    let shape = kernel.shape
    let bias = layer["bias"]?.shape
    if shape.count == 2 {
      // Only Keras 1 calls the table of an embedding W, as it calls every kernel.
      if context.generation != .one || bias == [shape[1]] { return .dense }
      throw undecided(kernel, "Dense or Embedding")
    }
    guard (3...5).contains(shape.count) else { throw undecided(kernel, "of any class") }
    let axes = shape.count - 2
    // Keras 1 orders both kinds of kernels alike, so that the bias tells nothing.
    if context.generation == .one {
      listing.assumptions.append("`\(layer.name)` is a convolution, not a deconvolution")
      return .convolution(axes)
    }
    var candidates: [(kind: KerasKind, name: String, outputs: Int?)] = [
      (.convolution(axes), "Conv\(axes)D", shape[axes + 1]),
      (.transposed(axes), "Conv\(axes)DTranspose", shape[axes]),
    ]
    if context.generation == .three, axes < 3, shape[axes] != 1 {
      let outputs = StoredWeight.count(Array(shape[axes...]), times: 1)
      candidates.append((.depthwise(axes), "DepthwiseConv\(axes)D", outputs))
    }
    let fitting = candidates.filter { bias == nil || bias == $0.outputs.map { [$0] } }
    guard fitting.count == 1 else {
      throw undecided(
        kernel, (fitting.isEmpty ? candidates : fitting).map(\.name).joined(separator: " or "))
    }
    listing.assumptions.append(
      "`\(layer.name)` is \(fitting[0].name): told from the length of its bias")
    return fitting[0].kind
  }

  private func undecided(_ kernel: StoredWeight, _ what: String) -> WeightProblem {
    let shape = kernel.shape.map(String.init).joined(separator: ", ")
    return WeightProblem(
      source: kernel.source,
      .undecided("of shape (\(shape)) could be \(what)", advice: KerasContext.nameANetwork))
  }
}
