// The mechanism of all layers that bring groups of elements to mean 0 and variance 1. A kind states
// its groups and where its statistics come from; definition, forward, backward and bound are the
// same for all of them. Source: torch.nn (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// A layer that normalises groups of elements, then scales and shifts them.
///
///     y = w · (x − μ) / s + b,   s = √(v + ε)
///
/// μ and v are the mean and the biased variance of a group, or are given.
public protocol NormalizationLayer: Layer {
  /// The groups of the input of accepted operands.
  func groups(_ operands: OperandShapes) -> NormalizationGroups

  /// ε.
  func epsilon<S>(_ operands: Operands<S>) -> Double

  /// Whether the mean is removed; otherwise μ = 0 and v is the mean square. The default is true.
  var removesMean: Bool { get }

  /// Whether a constant group becomes 0 where ε is 0 too, instead of NaN. The default is false.
  var flattensConstants: Bool { get }

  /// Statistics that do not come from the input; nil, the default, where they do.
  func givenStatistics<S: Scalar>(_ operands: Operands<S>) -> GroupStatistics<S>?

  /// The buffers after a forward pass with the given statistics; none by default.
  func updatedBuffers<S: Scalar>(
    _ operands: Operands<S>, _ statistics: GroupStatistics<S>
  ) -> [String: Tensor<S>]

  /// How far rounding may move a buffer, given the rounding of each group's statistics.
  func bufferLimits(
    _ name: String, _ question: BoundQuestion, _ groups: [NormalizationRounding]
  ) -> ErrorBound
}

/// μ and v of each group.
public struct GroupStatistics<S: Sendable>: Sendable {
  var means: [S]
  var variances: [S]
}

extension NormalizationLayer {
  public var removesMean: Bool { true }

  public var flattensConstants: Bool { false }

  public func givenStatistics<S: Scalar>(_ operands: Operands<S>) -> GroupStatistics<S>? { nil }

  public func updatedBuffers<S: Scalar>(
    _ operands: Operands<S>, _ statistics: GroupStatistics<S>
  ) -> [String: Tensor<S>] { [:] }

  public func bufferLimits(
    _ name: String, _ question: BoundQuestion, _ groups: [NormalizationRounding]
  ) -> ErrorBound { .exact }

  /// s = √(v + ε).
  func deviation<S: Scalar>(_ variance: S, _ operands: Operands<S>) -> S {
    let sum = variance + S(epsilon(operands))
    return flattensConstants && sum.value == 0 ? S(.infinity) : S.squareRoot(sum)
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let groups = groups(operands.shapes)
    let statistics = givenStatistics(operands) ?? measured(x, groups)
    let weight = operands.parameters["weight"]
    let bias = operands.parameters["bias"]
    var y = x
    for g in 0..<groups.count {
      let s = deviation(statistics.variances[g], operands)
      for offset in groups.offsets(of: g) {
        let k = groups.weight(at: offset)
        let normalized = (x[offset] - statistics.means[g]) / s
        y[offset] = (weight?[k] ?? .one) * normalized + (bias?[k] ?? .zero)
      }
    }
    return Results([y], buffers: updatedBuffers(operands, statistics))
  }

  /// μ = Σ x / m and v = Σ (x − μ)² / m of each group.
  private func measured<S: Scalar>(
    _ x: Tensor<S>, _ groups: NormalizationGroups
  ) -> GroupStatistics<S> {
    let zeros = [S](repeating: .zero, count: groups.count)
    var statistics = GroupStatistics(means: zeros, variances: zeros)
    let count = S(Double(groups.size))
    for g in 0..<groups.count {
      var (mean, variance) = (S.zero, S.zero)
      if removesMean {
        for offset in groups.offsets(of: g) { mean += x[offset] }
        mean = mean / count
      }
      for offset in groups.offsets(of: g) { variance += (x[offset] - mean) * (x[offset] - mean) }
      statistics.means[g] = mean
      statistics.variances[g] = variance / count
    }
    return statistics
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let groups = groups(operands.shapes)
    let statistics = statistics(operands, groups)
    let deviations = statistics.variances.map { deviation($0, operands) }
    let weight = operands.parameters["weight"]?.elements
    let bias = operands.parameters["bias"]?.elements
    var y: [S]
    if groups.weightsPerGroup == 1 {
      let channels = (0..<groups.count).map { groups.channel(of: $0) }
      y = groups.elements.normalized(
        x.elements, means: statistics.means, deviations: deviations,
        factors: (channels.map { weight?[$0] ?? 1 }, channels.map { bias?[$0] ?? 0 }))
    } else {
      y = groups.elements.normalized(
        x.elements, means: statistics.means, deviations: deviations)
      if weight != nil || bias != nil {
        groups.forEachRun { k, run in
          let (w, b) = (weight?[k] ?? 1, bias?[k] ?? 0)
          for offset in run { y[offset] = w * y[offset] + b }
        }
      }
    }
    return Results([Tensor(x.shape, y)], buffers: updatedBuffers(operands, statistics))
  }

  /// The statistics in use; the mean that is subtracted is 0 where none is removed.
  func statistics<S: KernelScalar>(
    _ operands: Operands<S>, _ groups: NormalizationGroups
  ) -> GroupStatistics<S> {
    let x = operands.inputs[0].elements
    let none = [S](repeating: 0, count: groups.count)
    if let given = givenStatistics(operands) {
      return GroupStatistics(
        means: removesMean ? given.means : none, variances: given.variances)
    }
    let means = removesMean ? groups.elements.means(of: x) : none
    return GroupStatistics(
      means: means, variances: groups.elements.variances(of: x, means: means))
  }
}
