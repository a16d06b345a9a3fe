// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.BatchNorm2d (2.13); S. Ioffe, C. Szegedy, *Batch Normalization*, 2015, §3.
// The running variance is updated with the unbiased one, as in PyTorch; Keras, Flax and ONNX update
// with the biased one, which `unbiased_running_variance` = false says.

public import Kernels
public import LayerKit
public import Tensors

/// Normalisation of each channel over samples and space.
///
///     y[n,c,i,j] = w[c] · (x[n,c,i,j] − μ[c]) / √(v[c] + ε) + b[c]
///
/// In training, and where there are no running statistics, μ and v are the mean and the biased
/// variance of the channel's m = N·H·W elements. Otherwise they are the running ones. In training
/// the running ones move towards those of the batch: r ← (1 − momentum)·r + momentum·new.
/// - Shapes: x [N, C, H, W], all other tensors [C] → y [N, C, H, W]
/// - Kinks: none.
public struct BatchNorm2d: Layer {
  // MARK: Kind

  public static let signature = Signature(
    kind: "BatchNorm2d",
    parameters: [.init("weight", optional: true), .init("bias", optional: true)],
    buffers: [
      .init("running_mean", optional: true),
      .init("running_var", .positiveNumbers, optional: true),
      .init("num_batches_tracked", .indices, optional: true),
    ], traits: [.mixesBatch, .dependsOnTraining])

  // MARK: Hyper-parameters

  /// ε, added to the variance; default 1e-5, above 0 where the batch's variance is used.
  let epsilon: Double
  /// The weight of the new statistics; default 0.1; nil for the mean over all batches so far.
  let momentum: Double?
  /// Whether the running variance takes up v·m/(m − 1); default true.
  let updatesUnbiased: Bool
  private let declared: DeclaredSizes

  public init(_ hyperparameters: inout HyperparameterReader) {
    epsilon = hyperparameters.real("eps", default: 1e-5, in: 0...(.greatestFiniteMagnitude))
    momentum = hyperparameters.optionalReal("momentum", default: 0.1)
    updatesUnbiased = hyperparameters.boolean("unbiased_running_variance", default: true)
    declared = hyperparameters.declaredSizes(
      "num_features", "affine", "bias", "track_running_stats")
    hyperparameters.ignore("device", "dtype")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = try operands.image(axes: 2)
    for name in ["weight", "bias"] {
      try operands.checkParameter(name, is: [x[1]], called: "(\(x[1]),)")
    }
    for name in ["running_mean", "running_var"] {
      if let shape = operands.buffers[name], shape != [x[1]] {
        throw LayerProblem.wrongShape(
          tensor: "buffers/\(name)", expected: "(\(x[1]),)", found: shape)
      }
    }
    if let shape = operands.buffers["num_batches_tracked"], shape.count != 1 {
      throw LayerProblem.wrongShape(
        tensor: "buffers/num_batches_tracked", expected: "()", found: shape)
    }
    try declared.check("num_features", equals: x[1])
    try declared.check("affine", equals: operands.parameters["weight"] != nil)
    // Without a weight there is no bias, whatever the flag says.
    if operands.parameters["weight"] != nil {
      try declared.check("bias", equals: operands.parameters["bias"] != nil)
    }
    let isTracking = operands.buffers["running_mean"] != nil
    guard isTracking == (operands.buffers["running_var"] != nil) else {
      throw LayerProblem.missingTensor("buffers/\(isTracking ? "running_var" : "running_mean")")
    }
    try declared.check("track_running_stats", equals: isTracking)
    try checkTraining(operands, isTracking: isTracking)
    return [x]
  }

  /// What only statistics of the batch need.
  private func checkTraining(_ operands: OperandShapes, isTracking: Bool) throws {
    guard operands.isTraining || !isTracking else { return }
    if ChannelPlanes(operands.inputs[0]).count == 1 {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "more than one value for each channel",
        found: operands.inputs[0])
    }
    if epsilon == 0 {
      throw LayerProblem.outOfRange(
        hyperparameter: "eps", allowed: "a number above 0", found: .real(epsilon))
    }
    if isTracking, momentum == nil, operands.buffers["num_batches_tracked"] == nil {
      throw LayerProblem.missingTensor("buffers/num_batches_tracked")
    }
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    guard let count = operands.buffers["num_batches_tracked"]?[0].value else { return }
    guard count >= 0, count == count.rounded() else {
      throw LayerProblem.wrongValue(
        tensor: "buffers/num_batches_tracked", index: [], value: count,
        allowed: "a whole number from 0")
    }
  }

  /// Whether the statistics are those of the batch.
  func usesBatch<S>(_ operands: Operands<S>) -> Bool {
    operands.isTraining || operands.buffers["running_mean"] == nil
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let planes = ChannelPlanes(x.shape)
    var y = x
    var means = Tensor([planes.channels], repeating: S.zero)
    var variances = means
    for c in 0..<planes.channels {
      var (mean, variance) = (S.zero, S.zero)
      if usesBatch(operands) {
        let count = S(Double(planes.count))
        for offset in planes.planes(of: c).joined() { mean += x[offset] }
        mean = mean / count
        for offset in planes.planes(of: c).joined() {
          variance += (x[offset] - mean) * (x[offset] - mean)
        }
        variance = variance / count
      } else {
        mean = operands.buffers["running_mean"]?[c] ?? .zero
        variance = operands.buffers["running_var"]?[c] ?? .one
      }
      (means[c], variances[c]) = (mean, variance)
      let deviation = S.squareRoot(variance + operands.constant(epsilon))
      let weight = operands.parameters["weight"]?[c] ?? .one
      let bias = operands.parameters["bias"]?[c] ?? .zero
      for offset in planes.planes(of: c).joined() {
        y[offset] = weight * ((x[offset] - mean) / deviation) + bias
      }
    }
    return Results([y], buffers: updated(operands, means: means, variances: variances))
  }

  /// The buffers after a forward pass in training; none otherwise.
  func updated<S: Scalar>(
    _ operands: Operands<S>, means: Tensor<S>, variances: Tensor<S>
  ) -> [String: Tensor<S>] {
    guard operands.isTraining, let runningMean = operands.buffers["running_mean"],
      let runningVariance = operands.buffers["running_var"]
    else { return [:] }
    var buffers: [String: Tensor<S>] = [:]
    let tracked = operands.buffers["num_batches_tracked"].map { $0.map { $0 + .one } }
    buffers["num_batches_tracked"] = tracked
    let new: S = momentum.map { operands.constant($0) } ?? .one / (tracked?[0] ?? .one)
    let old = .one - new
    let count = Double(ChannelPlanes(operands.inputs[0].shape).count)
    guard count > 0 else { return buffers }
    // v·m/(m−1) estimates the variance of what the batch was drawn from without bias.
    let correction = S(updatesUnbiased ? count / (count - 1) : 1)
    buffers["running_mean"] = runningMean.zip(means) { old * $0 + new * $1 }
    buffers["running_var"] = runningVariance.zip(variances) { old * $0 + new * (correction * $1) }
    return buffers
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let planes = ChannelPlanes(x.shape)
    var (y, means, variances) = centred(operands)
    for c in 0..<planes.channels {
      let deviation = S.squareRoot(variances[c] + operands.constant(epsilon))
      let weight = operands.parameters["weight"]?[c] ?? 1
      let bias = operands.parameters["bias"]?[c] ?? 0
      for plane in planes.planes(of: c) {
        for offset in plane { y[offset] = weight * (y[offset] / deviation) + bias }
      }
    }
    return Results(
      [Tensor(x.shape, y)], buffers: updated(operands, means: means, variances: variances))
  }

  /// x − μ, and the statistics in use.
  private func centred<S: KernelScalar>(
    _ operands: Operands<S>
  ) -> (values: [S], means: Tensor<S>, variances: Tensor<S>) {
    let x = operands.inputs[0]
    let planes = ChannelPlanes(x.shape)
    let (batch, channels, area) = (planes.batch, planes.channels, planes.area)
    let count = S(planes.count)
    let usesBatch = usesBatch(operands)
    let means =
      usesBatch
      ? Tensor(
        [channels],
        Reduction.channelSums(x.elements, batch: batch, channels: channels, area: area)
          .map { $0 / count })
      : operands.buffers["running_mean", default: Tensor([channels], repeating: 0)]
    var values = x.elements
    for c in 0..<channels {
      let mean = means[c]
      for plane in planes.planes(of: c) {
        for offset in plane { values[offset] -= mean }
      }
    }
    let variances =
      usesBatch
      ? Tensor(
        [channels],
        Reduction.channelSums(values, times: values, batch: batch, channels: channels, area: area)
          .map { $0 / count })
      : operands.buffers["running_var", default: Tensor([channels], repeating: 1)]
    return (values, means, variances)
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let x = operands.inputs[0]
    let dy = upstream[0]
    let planes = ChannelPlanes(x.shape)
    let (batch, channels, area) = (planes.batch, planes.channels, planes.area)
    // x̂ = (x − μ)/s
    var (normalized, _, variances) = centred(operands)
    let deviations = variances.map { S.squareRoot($0 + operands.constant(epsilon)) }
    for c in 0..<channels {
      for plane in planes.planes(of: c) {
        for offset in plane { normalized[offset] /= deviations[c] }
      }
    }
    // dw[c] = Σ dy·x̂,  db[c] = Σ dy
    let dw = Reduction.channelSums(
      dy.elements, times: normalized, batch: batch, channels: channels, area: area)
    let db = Reduction.channelSums(dy.elements, batch: batch, channels: channels, area: area)
    var gradients = Gradients<S>(inputs: [nil])
    for (name, sums) in [("weight", dw), ("bias", db)] where wanted.parameters.contains(name) {
      gradients.parameters[name] = operands.parameters[name].map { Tensor($0.shape, sums) }
    }
    guard wanted.inputs.contains(0) else { return gradients }
    // dx = w/s · (dy − mean(dy) − x̂·mean(dy·x̂)), the means being 0 for running statistics:
    // these do not depend on x.
    let count = S(planes.count)
    let usesBatch = usesBatch(operands)
    for c in 0..<channels {
      let factor = (operands.parameters["weight"]?[c] ?? 1) / deviations[c]
      let meanGradient = usesBatch ? db[c] / count : 0
      let meanProduct = usesBatch ? dw[c] / count : 0
      for plane in planes.planes(of: c) {
        for offset in plane {
          normalized[offset] =
            factor * (dy[offset] - meanGradient - normalized[offset] * meanProduct)
        }
      }
    }
    gradients.inputs[0] = Tensor(x.shape, normalized)
    return gradients
  }
}
