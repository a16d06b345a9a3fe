// Known mistakes of all layers that bring groups of elements to mean 0 and variance 1.

import LayerKit
import Tensors

extension NormalizationLayer {
  /// What can be done wrongly in every normalisation.
  ///
  /// `family` is the first part of some names, `batch-norm` or `layer-norm`; `groupings` are other
  /// groups over which one may take the statistics of an input.
  func normalizationCauses(
    _ family: String,
    groupings: @escaping @Sendable (Shape) -> [(groups: NormalizationGroups, name: String)]
  ) -> [Cause] {
    [
      epsilonChanged("\(family)-epsilon"), epsilonOutsideRoot,
      unbiasedVariance("\(family)-unbiased-variance"),
      statisticsConstant("\(family)-statistics-constant"), meanTermOmitted, varianceTermOmitted,
      meanNotSubtracted, affineOmitted, otherAxes(groupings),
    ]
  }

  /// What a changed layer gives; running statistics have causes of their own.
  func replay(
    _ evidence: Evidence, _ other: OtherNormalization<Self>, operands: Operands<Double>? = nil,
    upstream: [Tensor<Double>]? = nil, detail: String? = nil
  ) -> Prediction? {
    if case .buffer = evidence.tensor { return nil }
    return evidence.replay(
      AnyLayer(other), operands: operands, upstream: upstream, detail: detail)
  }

  /// Whether the statistics are those of the input.
  private func measures(_ evidence: Evidence) -> Bool {
    givenStatistics(evidence.operands) == nil
  }

  // MARK: ε

  /// Another ε: one in use somewhere, or one that is fitted.
  private func epsilonChanged(_ id: String) -> Cause {
    Cause(
      id,
      advice: "another epsilon was added to the variance: set the same one",
      remedies: [
        .torch: "`eps=1e-5` is the default",
        .keras: "`epsilon=1e-3` is the default",
        .jax: "`epsilon=1e-5` is Flax's default for batches, 1e-6 for layers",
      ], shownBy: "data of a deviation near the root of epsilon", specificity: .fitted
    ) { evidence in
      let own = epsilon(evidence.operands)
      let usual = [1e-3, 1e-6, 1e-5, 1e-8, 1e-4, 1e-2, 0].filter { $0 != own }
      @Sendable func changed(_ epsilon: Double) -> Prediction? {
        var other = OtherNormalization(self)
        other.otherEpsilon = epsilon
        return replay(evidence, other, detail: "epsilon \(epsilon.shortened)")
      }
      let known = usual.compactMap { changed(evidence.operands.normalizationEpsilon($0)) }
      return known + evidence.fitting(from: [1e-3, 1e-5, 1e-7, own], changed)
    }
  }

  /// s = √v + ε.
  ///
  /// Its errors are less than those for ε = 0, where s is smaller and all of it has the error of √v.
  private var epsilonOutsideRoot: Cause {
    Cause(
      "normalisation-epsilon-outside-root",
      advice: "epsilon was added to the deviation: add it to the variance, under the"
        + " root", shownBy: "several groups of unequal deviation near the root of epsilon"
    ) { evidence in
      var other = OtherNormalization(self)
      other.otherEpsilon = 0
      return predictions(
        evidence, bound: other,
        NormalizationMistake(
          deviation: { variance, epsilon, _ in variance.squareRoot() + epsilon },
          // ds/dx = d/(m√v), so that the term of the variance grows by s/√v.
          varianceTerm: { $1 / $0.squareRoot() }))
    }
  }

  // MARK: Statistics

  /// s = √(v·m/(m − 1) + ε).
  ///
  /// With c = m/(m − 1) that is √c·√(v + ε/c): less than the errors for ε/c.
  private func unbiasedVariance(_ id: String) -> Cause {
    Cause(
      id,
      advice: "the variance was divided by m - 1: normalise with the biased one; only a"
        + " running variance may take the unbiased one",
      remedies: [
        .torch: "`x.var(unbiased=False)`",
        .keras: "`keras.ops.var` is the biased one",
        .jax: "`jnp.var(x, ddof=0)`",
      ], shownBy: "small groups of unequal deviation"
    ) { evidence in
      let size = Double(groups(evidence.operands.shapes).size)
      guard measures(evidence), size > 1 else { return [] }
      var other = OtherNormalization(self)
      other.otherEpsilon = epsilon(evidence.operands) * (size - 1) / size
      return predictions(
        evidence, bound: other,
        NormalizationMistake(
          deviation: { variance, epsilon, size in
            (variance * size / (size - 1) + epsilon).squareRoot()
          }, varianceTerm: { _, _ in size / (size - 1) }))
    }
  }

  /// dx = h/s.
  private func statisticsConstant(_ id: String) -> Cause {
    gradientTermOmitted(
      id,
      advice: "mean and variance were treated as constants: they depend on the input, so the"
        + " gradient has two more terms, dx = (h - mean(h) - xhat * mean(h * xhat)) / s",
      mean: 0, variance: 0)
  }

  private var meanTermOmitted: Cause {
    gradientTermOmitted(
      "normalisation-mean-term-omitted",
      advice: "the gradient lacks the term of the mean: dx = (h - mean(h) - xhat * mean(h * xhat))"
        + " / s", mean: 0, variance: 1)
  }

  private var varianceTermOmitted: Cause {
    gradientTermOmitted(
      "normalisation-variance-term-omitted",
      advice: "the gradient lacks the term of the variance: dx = (h - mean(h) - xhat * mean(h *"
        + " xhat)) / s", mean: 1, variance: 0)
  }

  /// The bound of the right gradient has the errors of all terms, so that it serves for fewer.
  private func gradientTermOmitted(
    _ id: String, advice: String, mean: Double, variance: Double
  ) -> Cause {
    Cause(id, advice: advice) { evidence in
      guard evidence.inputGradientUpstream != nil, measures(evidence),
        removesMean || mean == variance
      else { return [] }
      return predictions(
        evidence, bound: OtherNormalization(self),
        NormalizationMistake(meanTerm: mean, varianceTerm: { _, _ in variance }))
    }
  }

  /// The mean removed where it stays, or kept where it goes.
  private var meanNotSubtracted: Cause {
    Cause(
      "normalisation-mean-not-subtracted",
      advice: removesMean
        ? "the mean was not subtracted, as in RMSNorm: this layer subtracts it"
        : "the mean was subtracted, as in LayerNorm: this layer does not"
    ) { evidence in
      guard measures(evidence) else { return [] }
      var other = OtherNormalization(self)
      other.removesMean.toggle()
      return [replay(evidence, other)].compactMap { $0 }
    }
  }

  /// Statistics over other axes.
  private func otherAxes(
    _ groupings: @escaping @Sendable (Shape) -> [(groups: NormalizationGroups, name: String)]
  ) -> Cause {
    Cause(
      "normalisation-axes",
      advice: "mean and variance were taken over other axes",
      remedies: [
        .torch: "check `normalized_shape` and `num_groups`",
        .keras: "check `axis`",
        .jax: "check `reduction_axes` and `axis`",
      ], shownBy: "a batch of several samples, and space"
    ) { evidence in
      let own = groups(evidence.operands.shapes)
      guard measures(evidence) else { return [] }
      return groupings(evidence.operands.inputs[0].shape).compactMap { groups, name in
        guard groups != own, groups.weights == own.weights else { return nil }
        var other = OtherNormalization(self)
        other.otherGroups = groups
        return replay(evidence, other, detail: "statistics \(name)")
      }
    }
  }

  // MARK: Affine

  /// w = 1 and b = 0, or one of them.
  private var affineOmitted: Cause {
    Cause(
      "affine-omitted",
      advice: "the result was not scaled and shifted: multiply by the weight and add"
        + " the bias",
      remedies: [
        .torch: "`affine=True`, `elementwise_affine=True`",
        .keras: "`scale=True`, `center=True`",
        .jax: "`use_scale=True`, `use_bias=True`",
      ], shownBy: "a weight that is not 1 and a bias that is not 0"
    ) { evidence in
      [["weight", "bias"], ["weight"], ["bias"]].compactMap { names in
        let present = names.filter { evidence.operands.parameters[$0] != nil }
        guard present == names || names.count == 2 && present == ["weight"] else { return nil }
        var operands = evidence.operands
        for name in names { operands.parameters[name] = nil }
        var other = OtherNormalization(self)
        // Without a weight the trailing axes may no longer be known.
        other.otherGroups = groups(evidence.operands.shapes)
        return replay(
          evidence, other, operands: operands,
          detail: "without the \(present.joined(separator: " and the "))")
      }
    }
  }

  // MARK: Predictions

  /// What a mistake gives, with the terms of the gradient that follow from it, and with those of the
  /// right layer, which remain where only the deviation was changed.
  private func predictions(
    _ evidence: Evidence, bound layer: OtherNormalization<Self>, _ mistake: NormalizationMistake
  ) -> [Prediction] {
    var unchanged = mistake
    unchanged.varianceTerm = { _, _ in 1 }
    let variants =
      evidence.inputGradientUpstream == nil || mistake.deviation == nil
      ? [mistake] : [mistake, unchanged]
    return variants.compactMap { mistake in
      mistake.result(evidence, self).map { values in
        Prediction(values) {
          layer.bound(
            BoundQuestion(
              evidence.tensor, operands: evidence.operands, upstream: evidence.upstream,
              computed: values, rounding: evidence.rounding))
        }
      }
    }
  }
}
