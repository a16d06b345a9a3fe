// What batch and instance normalisation have in common: a weight for each channel, and running
// statistics that stand in for those of the input in evaluation. They differ in their groups alone,
// and in what `momentum` = None means. The running variance is updated with the unbiased one, as in
// PyTorch; Keras, Flax and ONNX update with the biased one, which `unbiased_running_variance` =
// false says.

public import Kernels
public import LayerKit
public import Tensors

/// The hyper-parameters of batch and instance normalisation.
public struct ChannelNormalization: Sendable {
  /// ε, added to the variance; default 1e-5.
  let epsilon: Double
  /// The weight of the new statistics; default 0.1; nil for `None`.
  let momentum: Double?
  /// Whether the running variance takes up v·m/(m − 1); default true.
  let updatesUnbiased: Bool
  let declared: DeclaredSizes

  init(_ hyperparameters: inout HyperparameterReader) {
    epsilon = hyperparameters.real("eps", default: 1e-5, in: 0...(.greatestFiniteMagnitude))
    momentum = hyperparameters.optionalReal("momentum", default: 0.1)
    updatesUnbiased = hyperparameters.boolean("unbiased_running_variance", default: true)
    declared = hyperparameters.declaredSizes(
      "num_features", "affine", "bias", "track_running_stats")
    hyperparameters.ignore("device", "dtype")
  }
}

/// A normalisation with running statistics for each channel.
///
/// In training the running statistics move towards those of the input, which are averaged over the
/// samples where each sample has its own: r ← (1 − momentum)·r + momentum·new.
public protocol ChannelNormalizationLayer: NormalizationLayer {
  /// The registered name of the kind.
  static var kind: String { get }
  /// The numbers of spatial axes of an input.
  static var spatialAxes: ClosedRange<Int> { get }
  /// What the checks may rely on.
  static var traits: Signature.Traits { get }
  /// The hyper-parameters.
  var settings: ChannelNormalization { get }

  /// Throws unless an input has statistics of its own; asked only where they are used.
  func checkStatistics(of x: Shape, isTracking: Bool, _ operands: OperandShapes) throws

  /// The weight of the new statistics, given the number of batches with this one.
  func momentum<S: Scalar>(_ operands: Operands<S>, batches: S?) -> S

  /// Whether `num_batches_tracked` counts.
  static var countsBatches: Bool { get }
}

extension ChannelNormalizationLayer {
  public static var signature: Signature {
    Signature(
      kind: kind,
      parameters: [.init("weight", optional: true), .init("bias", optional: true)],
      buffers: [
        .init("running_mean", optional: true),
        .init("running_var", .positiveNumbers, optional: true),
        .init("num_batches_tracked", .indices, optional: true),
      ], traits: traits)
  }

  public func epsilon<S>(_ operands: Operands<S>) -> Double {
    operands.normalizationEpsilon(settings.epsilon)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard x.rank >= 2, Self.spatialAxes.contains(x.rank - 2), x[1] > 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: Self.inputNotation, found: x)
    }
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
    let declared = settings.declared
    try declared.check("num_features", equals: x[1])
    try operands.checkAffine(declared, "affine")
    let isTracking = operands.buffers["running_mean"] != nil
    guard isTracking == (operands.buffers["running_var"] != nil) else {
      throw LayerProblem.missingTensor("buffers/\(isTracking ? "running_var" : "running_mean")")
    }
    try declared.check("track_running_stats", equals: isTracking)
    if operands.isTraining || !isTracking {
      try checkStatistics(of: x, isTracking: isTracking, operands)
    }
    return [x]
  }

  /// The shapes of an input: `(N, C)`, `(N, C, L)`, `(N, C, H, W)`, `(N, C, D, H, W)`.
  static var inputNotation: String {
    spatialAxes.map { count in
      let spatial = count == 1 ? ["L"] : Array(["D", "H", "W"].suffix(count))
      return "(\((["N", "C"] + spatial).joined(separator: ", ")))"
    }.joined(separator: " or ")
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    guard let count = operands.buffers["num_batches_tracked"]?[0].value else { return }
    guard count >= 0, count == count.rounded() else {
      throw LayerProblem.wrongValue(
        tensor: "buffers/num_batches_tracked", index: [], value: count,
        allowed: "a whole number from 0")
    }
  }

  // MARK: Running statistics

  /// The running ones of each group's channel, in evaluation.
  public func givenStatistics<S: Scalar>(_ operands: Operands<S>) -> GroupStatistics<S>? {
    guard !operands.isTraining, let mean = operands.buffers["running_mean"],
      let variance = operands.buffers["running_var"]
    else { return nil }
    let groups = groups(operands.shapes)
    let channels = (0..<groups.count).map { groups.channel(of: $0) }
    return GroupStatistics(
      means: channels.map { mean[$0] }, variances: channels.map { variance[$0] })
  }

  public func updatedBuffers<S: Scalar>(
    _ operands: Operands<S>, _ statistics: GroupStatistics<S>
  ) -> [String: Tensor<S>] {
    guard operands.isTraining, let runningMean = operands.buffers["running_mean"],
      let runningVariance = operands.buffers["running_var"]
    else { return [:] }
    var buffers: [String: Tensor<S>] = [:]
    let counted = operands.buffers["num_batches_tracked"].map { $0.map { $0 + .one } }
    if Self.countsBatches { buffers["num_batches_tracked"] = counted }
    guard operands.inputs[0].count > 0 else { return buffers }
    let groups = groups(operands.shapes)
    let new = momentum(operands, batches: counted?[0])
    let old = .one - new
    // v·m/(m−1) estimates the variance of what the elements were drawn from without bias.
    let size = Double(groups.size)
    let correction = S(settings.updatesUnbiased ? size / (size - 1) : 1)
    let means = channelMeans(statistics.means, groups)
    let variances = channelMeans(statistics.variances, groups)
    buffers["running_mean"] = runningMean.zip(means) { old * $0 + new * $1 }
    buffers["running_var"] = runningVariance.zip(variances) { old * $0 + new * (correction * $1) }
    return buffers
  }

  /// The mean over the groups of each channel.
  private func channelMeans<S: Scalar>(
    _ values: [S], _ groups: NormalizationGroups
  ) -> Tensor<S> {
    guard groups.count > groups.weights else { return Tensor([groups.weights], values) }
    var sums = [S](repeating: .zero, count: groups.weights)
    for (g, value) in values.enumerated() { sums[groups.channel(of: g)] += value }
    let samples = S(Double(groups.count / groups.weights))
    return Tensor([groups.weights], sums.map { $0 / samples })
  }

  // MARK: Bound

  /// (1 − a)·r + a·new, from the errors of the statistics and a few roundings.
  public func bufferLimits(
    _ name: String, _ question: BoundQuestion, _ groups: [NormalizationRounding]
  ) -> ErrorBound {
    guard name != "num_batches_tracked" else { return .exact }
    let operands = question.operands
    let layout = self.groups(operands.shapes)
    let tracked = operands.buffers["num_batches_tracked"].map { $0[0] + 1 }
    let new = momentum(operands, batches: tracked)
    let size = Double(layout.size)
    let correction = settings.updatesUnbiased ? size / (size - 1) : 1
    let samples = layout.count / layout.weights
    var limits = question.computed.map { _ in 0.0 }
    for (g, group) in groups.enumerated() {
      let (value, error) =
        name == "running_mean"
        ? (group.mean.magnitude, group.meanError)
        : (correction * group.variance, correction * group.varianceError)
      let old = (operands.buffers[name]?[layout.channel(of: g)] ?? 0).magnitude
      let parts = question.rounding.gamma(samples + 5)
      limits[layout.channel(of: g)] +=
        1.01
        * (new.magnitude * error
          + parts * ((1 - new).magnitude * old + new.magnitude * value)
          + 2 * question.rounding.underflow) / Double(samples)
    }
    return .elementwise(limits)
  }
}

extension Operands {
  /// ε as a reference has it, which computes statistics in single precision at least.
  func normalizationEpsilon(_ epsilon: Double) -> Double {
    format == .float64 ? epsilon : NumberFormat.float32.rounded(epsilon)
  }
}

extension OperandShapes {
  /// Throws unless declared flags tell whether there are a weight and a bias.
  func checkAffine(_ declared: DeclaredSizes, _ name: String) throws {
    try declared.check(name, equals: parameters["weight"] != nil)
    // Without a weight there is no bias, whatever the flag says.
    if parameters["weight"] != nil {
      try declared.check("bias", equals: parameters["bias"] != nil)
    }
  }
}
