// Known mistakes of the losses of classes: weights, ignored positions, label smoothing, and what of
// softmax the gradient has twice or not at all.

public import LayerKit
import Tensors

/// A loss of class indices.
protocol ClassLoss: Layer {
  var reduction: LossReduction { get }
  var ignored: Int { get }

  /// The same loss that ignores another index.
  func ignoring(_ index: Int) -> AnyLayer

  /// The weights of the positions that count, added up.
  func denominator(_ operands: Operands<Double>) -> Double
}

extension ClassLoss {
  /// The causes of all losses of class indices.
  var classCauses: [Cause] {
    [
      .lossReduction { denominator($0.operands) }, .classWeightIgnored, weightNormalisation,
      ignoredCounted,
    ]
  }

  /// A mean divided by the number of positions and not by the sum of their weights.
  private var weightNormalisation: Cause {
    Cause(
      "class-weight-normalisation",
      advice: "the weighted mean was divided by the number of samples and not by the"
        + " sum of their weights",
      remedies: [
        .torch: "PyTorch divides by the sum of the weights",
        .keras: "Keras divides by the number of samples",
      ], shownBy: "weights that are not equal", specificity: .specific
    ) { evidence in
      guard reduction == .mean, evidence.operands.auxiliary["weight"] != nil else { return [] }
      var unweighted = evidence.operands
      unweighted.auxiliary["weight"] = nil
      let sum = denominator(evidence.operands)
      let counts = [denominator(unweighted), Double(evidence.operands.inputs[1].count)]
      return counts.map {
        Prediction(evidence.computed, times: sum / $0, detail: "divided by \($0.shortened)")
      }
    }
  }

  /// Ignored positions in the divisor, or with a gradient.
  private var ignoredCounted: Cause {
    Cause(
      "ignore-index-counted",
      advice: "positions to be ignored were counted: leave them out of the sum, of the"
        + " divisor and of the gradient",
      remedies: [
        .torch: "set the same `ignore_index`",
        .keras: "set the same `ignore_class`",
      ], shownBy: "some ignored positions, and weights", specificity: .specific
    ) { evidence in
      let target = evidence.operands.inputs[1]
      let x = evidence.operands.inputs[0]
      let count = target.elements.count { $0 == Double(ignored) }
      guard count > 0, count < target.count, target.shape != x.shape else { return [] }
      let valid = denominator(evidence.operands)
      var predictions: [Prediction] = []
      if reduction == .mean, evidence.operands.auxiliary["weight"] == nil {
        predictions.append(
          Prediction(
            evidence.computed, times: valid / (valid + Double(count)), detail: "in the divisor"))
      }
      guard (0..<ClassScores(x.shape).classes).contains(ignored),
        let all = evidence.replay(ignoring(-100), detail: "throughout")
      else { return predictions + gradientOfNothing(evidence, valid) }
      predictions.append(all)
      // With a gradient, but not in the divisor.
      let weight = evidence.operands.auxiliary["weight"].map { $0[ignored] } ?? 1
      let factor = (valid + weight * Double(count)) / valid
      guard reduction == .mean, factor.isFinite else { return predictions }
      let values = all.values.map { $0 * factor }
      predictions.append(
        Prediction(values, detail: "in the sum, not in the divisor") {
          .elementwise(
            evidence.limits(of: all).zip(values) {
              factor * $0 + evidence.rounding.gamma(3) * $1.magnitude
            })
        })
      return predictions + gradientOfNothing(evidence, valid)
    }
  }

  /// The gradient s·p at ignored positions, as if they had no class at all; p itself has the bound.
  private func gradientOfNothing(_ evidence: Evidence, _ valid: Double) -> [Prediction] {
    guard self is CrossEntropyLoss, evidence.inputGradientUpstream != nil,
      let right = evidence.replay()
    else { return [] }
    let rounding = evidence.rounding
    let x = evidence.operands.inputs[0]
    let scores = ClassScores(x.shape)
    let target = evidence.operands.inputs[1]
    return [valid, Double(target.count)].map { denominator in
      var values = right.values.map { $0 * (reduction == .mean ? valid / denominator : 1) }
      var errors = evidence.limits(of: right).zip(values) { $0 + 3 * rounding.unit * $1.magnitude }
      for position in 0..<scores.positions.count where target[position] == Double(ignored) {
        var p = scores.row(x, at: position).map { Approximation($0, rounding) }
        SoftmaxRow.probabilities(p, &p)
        let s = reduction.upstream(
          evidence.upstream[0], at: position, denominator: denominator)
        for c in p.indices {
          let product = p[c] * Approximation(s, rounding, roundings: 2)
          values[scores.offset(position, c)] = product.value
          errors[scores.offset(position, c)] = product.limit
        }
      }
      return Prediction(values, detail: "with a gradient") { [errors] in .elementwise(errors) }
    }
  }
}

extension NLLLoss: ClassLoss {
  public var causes: [Cause] { classCauses }

  func ignoring(_ index: Int) -> AnyLayer {
    var reader = HyperparameterReader([
      "reduction": .text(reduction.rawValue), "ignore_index": .integer(index),
    ])
    return AnyLayer(NLLLoss(&reader))
  }

  func denominator(_ operands: Operands<Double>) -> Double {
    let labels = ClassScores(operands.inputs[0].shape).labels(
      operands.inputs[1], ignoring: ignored)
    return Self.denominator(labels, operands.auxiliary["weight"])
  }
}

extension CrossEntropyLoss: ClassLoss {
  public var causes: [Cause] {
    classCauses + [
      targetOmitted, labelSmoothing, softmaxTwice, derivativeTwice, jacobianTwice,
      jacobianDiagonal, jacobianOmitted,
    ]
  }

  func ignoring(_ index: Int) -> AnyLayer { changed(ignored: index, smoothing: smoothing) }

  private func changed(ignored: Int, smoothing: Double) -> AnyLayer {
    var reader = HyperparameterReader([
      "reduction": .text(reduction.rawValue), "ignore_index": .integer(ignored),
      "label_smoothing": .real(smoothing),
    ])
    return AnyLayer(CrossEntropyLoss(&reader))
  }

  func denominator(_ operands: Operands<Double>) -> Double {
    ClassTarget(self, operands, ClassScores(operands.inputs[0].shape)).denominator
  }

  private var labelSmoothing: Cause {
    Cause(
      "label-smoothing",
      advice: "the labels were smoothed otherwise",
      remedies: [
        .torch: "set the same `label_smoothing`",
        .keras: "set the same `label_smoothing`",
        .jax: "`optax.smooth_labels` with the same `alpha`",
      ],
      specificity: .fitted
    ) { evidence in
      @Sendable func replay(_ amount: Double) -> Prediction? {
        guard amount >= 0, amount <= 1 else { return nil }
        return evidence.replay(
          changed(ignored: ignored, smoothing: amount), detail: "smoothing \(amount.shortened)")
      }
      let known = [0, 0.1].filter { $0 != smoothing }.compactMap(replay)
      return known + evidence.fitting(from: [0.01, 0.05, 0.1, 0.2], replay)
    }
  }

  // MARK: The gradient

  /// One number for each class at each position, from x, q and Σq there, times what arrives of the
  /// upstream gradient.
  private func gradientCause(
    _ id: String, advice: String,
    _ row: @escaping @Sendable (_ x: [Approximation], _ q: [Approximation]) -> [Approximation]
  ) -> Cause {
    Cause(id, advice: advice) { evidence in
      [gradient(evidence, row)].compactMap { $0 }
    }
  }

  private func gradient(
    _ evidence: Evidence, _ row: (_ x: [Approximation], _ q: [Approximation]) -> [Approximation]
  ) -> Prediction? {
    guard let dy = evidence.inputGradientUpstream else { return nil }
    let rounding = evidence.rounding
    let x = evidence.operands.inputs[0]
    let scores = ClassScores(x.shape)
    let target = ClassTarget(self, evidence.operands, scores)
    let isWeighted = evidence.operands.auxiliary["weight"] != nil
    let roundings = 2 + (isWeighted ? evidence.operands.inputs[1].count : 0)
    var result = x.map { _ in Approximation(0, rounding) }
    for position in 0..<scores.positions.count where !target.isIgnored(position) {
      let s = reduction.upstream(dy, at: position, denominator: target.denominator)
      let q = (0..<scores.classes).map {
        Approximation(
          target.q(position, $0), rounding, roundings: isWeighted || smoothing > 0 ? 3 : 0)
      }
      let values = row(scores.row(x, at: position).map { Approximation($0, rounding) }, q)
      for c in values.indices {
        result[scores.offset(position, c)] =
          values[c] * Approximation(s, rounding, roundings: roundings)
      }
    }
    return Prediction(result)
  }

  private var targetOmitted: Cause {
    gradientCause(
      "loss-target-omitted",
      advice: "the target was left out of the gradient: it is softmax(x) minus the target"
    ) { x, q in
      let total = Self.sum(q)
      return Self.softmax(x).map { $0 * total }
    }
  }

  /// M·p(1 − p).
  private var derivativeTwice: Cause {
    gradientCause(
      "sigmoid-derivative-twice",
      advice:
        "the gradient was multiplied by p(1 - p) once more: softmax(x) minus the target has the"
        + " derivative already"
    ) { x, q in
      zip(Self.softmax(x), Self.gradient(x, q)).map { $1 * ($0 * (.one - $0)) }
    }
  }

  /// p·(M − ⟨p, M⟩).
  private var jacobianTwice: Cause {
    gradientCause(
      "softmax-jacobian-twice",
      advice: "the Jacobian of softmax was multiplied in once more: softmax(x) minus the target is"
        + " the gradient at the logits already"
    ) { x, q in Self.throughJacobian(Self.softmax(x), Self.gradient(x, q)) }
  }

  /// −q(1 − p).
  private var jacobianDiagonal: Cause {
    gradientCause(
      "softmax-jacobian-diagonal",
      advice: "only the diagonal p(1 - p) of the Jacobian of softmax was used: the gradient is"
        + " softmax(x) minus the target, for all classes"
    ) { x, q in zip(Self.softmax(x), q).map { -($1 * (.one - $0)) } }
  }

  /// −q/p.
  private var jacobianOmitted: Cause {
    gradientCause(
      "softmax-jacobian-omitted",
      advice: "this is the gradient at the probabilities, -y/p: multiply it by the Jacobian of"
        + " softmax, which gives softmax(x) minus the target"
    ) { x, q in zip(Self.softmax(x), q).map { -($1 / $0) } }
  }

  /// The loss of softmax(x) in the place of x, and its gradient at either.
  private var softmaxTwice: Cause {
    Cause(
      "softmax-applied-twice",
      advice: "softmax was applied twice: the loss takes logits",
      remedies: [
        .torch: "drop the softmax before `nn.CrossEntropyLoss`",
        .keras: "set `from_logits=False` after a softmax",
        .jax: "drop the softmax before `optax.softmax_cross_entropy`",
      ]
    ) { evidence in
      let gradients = [
        gradient(evidence) { x, q in
          let p = Self.softmax(x)
          return Self.throughJacobian(p, Self.gradient(p, q))
        },
        gradient(evidence) { x, q in Self.gradient(Self.softmax(x), q) },
        value(evidence) { Self.softmax($0) },
      ]
      return gradients.compactMap { $0 }
    }
  }

  /// The value for other scores at each position.
  private func value(
    _ evidence: Evidence, _ change: (_ x: [Approximation]) -> [Approximation]
  ) -> Prediction? {
    guard case .output = evidence.tensor else { return nil }
    let rounding = evidence.rounding
    let x = evidence.operands.inputs[0]
    let scores = ClassScores(x.shape)
    let target = ClassTarget(self, evidence.operands, scores)
    var values = Tensor(scores.positions, repeating: Approximation(0, rounding))
    for position in 0..<values.count where !target.isIgnored(position) {
      let row = change(scores.row(x, at: position).map { Approximation($0, rounding) })
      var logarithms = row
      SoftmaxRow.logarithms(row, &logarithms)
      for c in target.classes(position) {
        let q = Approximation(target.q(position, c), rounding, roundings: 3)
        values[position] += -(q * logarithms[c])
      }
    }
    let isWeighted = evidence.operands.auxiliary["weight"] != nil
    let denominator = Approximation(
      target.denominator, rounding, roundings: isWeighted ? values.count : 0)
    return Prediction(reduction.value(values, denominator: denominator))
  }

  private static func softmax(_ x: [Approximation]) -> [Approximation] {
    var p = x
    SoftmaxRow.probabilities(x, &p)
    return p
  }

  private static func sum(_ terms: [Approximation]) -> Approximation {
    var sum = Approximation.zero
    for term in terms { sum += term }
    return sum
  }

  /// p·Σq − q.
  private static func gradient(
    _ x: [Approximation], _ q: [Approximation]
  ) -> [Approximation] {
    let total = sum(q)
    return zip(softmax(x), q).map { $0 * total - $1 }
  }

  /// p·(g − ⟨p, g⟩).
  private static func throughJacobian(
    _ p: [Approximation], _ g: [Approximation]
  ) -> [Approximation] {
    let product = sum(zip(p, g).map { $0 * $1 })
    return zip(p, g).map { $0 * ($1 - product) }
  }
}
