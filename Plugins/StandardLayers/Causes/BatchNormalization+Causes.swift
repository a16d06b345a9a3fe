// Known mistakes of single normalisations, beside those of all of them.

public import LayerKit
import Tensors

// MARK: Batch and instance normalisation

extension ChannelNormalizationLayer {
  public var causes: [Cause] {
    normalizationCauses("batch-norm") { x in
      [
        (.batch(x), "per channel over the batch"), (.instance(x), "per channel of each sample"),
        (.group(x, groups: 1), "per sample"),
      ]
    } + [perFeature, trainingFlag, momentumExchanged, runningVariance]
  }

  /// Statistics of each feature over the batch alone: space is taken for channels, each with the
  /// weight of its own.
  private var perFeature: Cause {
    Cause(
      "normalisation-axes",
      advice: "mean and variance were taken for each feature over the batch: take them for each"
        + " channel over batch and space"
    ) { evidence in
      let x = evidence.operands.inputs[0].shape
      let area = x.split(at: 1).inner
      guard givenStatistics(evidence.operands) == nil, area > 1 else { return [] }
      switch evidence.tensor {
      case .output, .inputGradient: break
      case .parameterGradient, .buffer: return []
      }
      let flat = Shape([x[0], x[1] * area])
      var operands = evidence.operands
      operands.inputs = [operands.inputs[0].reshaped(to: flat)]
      operands.parameters = operands.parameters.mapValues { values in
        Tensor([flat[1]], (0..<flat[1]).map { values[$0 / area] })
      }
      var other = OtherNormalization(self)
      other.otherGroups = .batch(flat)
      return [
        replay(
          evidence, other, operands: operands,
          upstream: evidence.upstream.map { $0.reshaped(to: flat) },
          detail: "statistics per feature over the batch"
        )?.reordered { $0.reshaped(to: x) }
      ].compactMap { $0 }
    }
  }

  /// Statistics of the batch in evaluation, or the running ones in training.
  private var trainingFlag: Cause {
    Cause(
      "training-flag",
      advice: "the layer ran in the other mode: use the statistics of the batch in"
        + " training, the running ones in evaluation",
      remedies: [
        .torch: "call `model.train()` or `model.eval()`",
        .keras: "pass `training=True` or `False`",
        .jax: "pass `use_running_average=False` or `True`",
      ], shownBy: "running statistics that are not those of the batch"
    ) { evidence in
      var operands = evidence.operands
      operands.isTraining.toggle()
      return [
        replay(
          evidence, OtherNormalization(self), operands: operands)
      ]
      .compactMap { $0 }
    }
  }

  // MARK: Running statistics

  /// r ← a·r + (1 − a)·new.
  private var momentumExchanged: Cause {
    Cause(
      "batch-norm-momentum",
      advice: "momentum weighs the old statistics instead of the new ones, or the"
        + " reverse",
      remedies: [
        .torch: "`momentum=0.1` weighs the new ones",
        .keras: "`momentum=0.99` weighs the old ones",
        .jax: "`momentum=0.99` weighs the old ones",
      ], shownBy: "a momentum other than 1/2"
    ) { evidence in
      guard let a = settings.momentum, a != 0 else { return [] }
      return running(evidence, old: evidence.operands.constant(a), new: (1 - a) / a)
    }
  }

  /// The running variance takes up v in the place of v·m/(m − 1), or the reverse.
  private var runningVariance: Cause {
    Cause(
      "running-variance-biased",
      advice: "the running variance took up the biased variance where the unbiased one"
        + " was configured, or the reverse",
      remedies: [
        .torch: "PyTorch takes the unbiased one",
        .keras: "Keras takes the biased one: `unbiased_running_variance` = false in the"
          + " fixture",
        .jax: "Flax takes the biased one: `unbiased_running_variance` = false in the"
          + " fixture",
      ], shownBy: "few elements a channel"
    ) { evidence in
      let size = Double(groups(evidence.operands.shapes).size)
      guard evidence.tensor == .buffer("running_var"), let a = settings.momentum, size > 1 else {
        return []
      }
      let factor = settings.updatesUnbiased ? (size - 1) / size : size / (size - 1)
      return running(evidence, old: 1 - evidence.operands.constant(a), new: factor)
    }
  }

  /// old·r + new·A, where A is what the update gives from running statistics of 0.
  private func running(_ evidence: Evidence, old: Double, new: Double) -> [Prediction] {
    guard case .buffer(let name) = evidence.tensor, name != "num_batches_tracked",
      let before = evidence.operands.buffers[name]
    else { return [] }
    var operands = evidence.operands
    operands.buffers[name] = before.map { _ in 0 }
    guard let added = evidence.replay(operands: operands) else { return [] }
    let values = before.zip(added.values) { old * $0 + new * $1 }
    let unit = evidence.rounding.unit
    let sizes = before.zip(added.values) { (old * $0).magnitude + (new * $1).magnitude }
    return [
      Prediction(values) {
        .elementwise(
          evidence.limits(of: added).zip(sizes) { 1.01 * new.magnitude * $0 + 6 * unit * $1 })
      }
    ]
  }
}

// MARK: Layer, group and root-mean-square normalisation

extension LayerNorm {
  public var causes: [Cause] { normalizationCauses("layer-norm", groupings: trailingGroupings) }
}

extension RMSNorm {
  public var causes: [Cause] { normalizationCauses("layer-norm", groupings: trailingGroupings) }
}

extension NormalizationLayer {
  /// The groups that can be mistaken for trailing axes: each feature over the batch, or the last
  /// axis alone.
  fileprivate var trailingGroupings:
    @Sendable (Shape) -> [(groups: NormalizationGroups, name: String)]
  {
    { x in
      (1...max(1, x.rank)).flatMap { rank -> [(groups: NormalizationGroups, name: String)] in
        let size = x.extents.suffix(rank).reduce(1, *)
        guard size > 0, let last = x.extents.last else { return [] }
        return [
          (.batch(Shape([x.count / size, size])), "per feature over the batch"),
          (
            NormalizationGroups(
              outer: 1, count: x.count / last, inner: last, weights: size, weightsPerGroup: last),
            "over the last axis"
          ),
        ]
      }
    }
  }
}

extension GroupNorm {
  public var causes: [Cause] {
    normalizationCauses("layer-norm") { x in
      [
        (.group(x, groups: 1), "per sample"), (.instance(x), "per channel of each sample"),
        (.batch(x), "per channel over the batch"),
      ]
    } + [groupOrder]
  }

  /// Groups of every G-th channel in the place of neighbours: all channels are put into another
  /// order before the layer, and back after it.
  private var groupOrder: Cause {
    Cause(
      "group-order",
      advice: "the groups were made of every G-th channel: a group is C/G neighbouring"
        + " channels, so reshape N C to N, G, C/G",
      shownBy: "more than one group of more than one channel"
    ) { evidence in
      let x = evidence.operands.inputs[0].shape
      let groups = groups(evidence.operands.shapes)
      let width = groups.weightsPerGroup
      guard width > 0, x[1] % width == 0 else { return [] }
      let count = x[1] / width
      // Position k·C/G + i has channel i·G + k.
      let order = (0..<x[1]).map { $0 % width * count + $0 / width }
      let inverse = order.indices.sorted { order[$0] < order[$1] }
      var operands = evidence.operands
      operands.inputs = [operands.inputs[0].channels(order)]
      operands.parameters = operands.parameters.mapValues { values in
        Tensor(values.shape, order.map { values[$0] })
      }
      return [
        replay(
          evidence, OtherNormalization(self), operands: operands,
          upstream: evidence.upstream.map { $0.channels(order) }
        )?.reordered { $0.channels(inverse) }
      ].compactMap { $0 }
    }
  }
}

extension Tensor where Element == Double {
  /// The channels of N C …, or the elements of C, in another order.
  fileprivate func channels(_ order: [Int]) -> Tensor<Double> {
    guard shape.rank > 1 else { return Tensor(shape, order.map { self[$0] }) }
    let (outer, _, inner) = shape.split(at: 1)
    var moved: [Double] = []
    moved.reserveCapacity(count)
    for n in 0..<outer {
      for c in order {
        let start = (n * order.count + c) * inner
        moved += elements[start..<start + inner]
      }
    }
    return Tensor(shape, moved)
  }
}
