// With index targets, no weights and no smoothing, the bounds are
//
//     value (mean)    1.01·[mean E_ℓ[label] + γ(N+1)·mean|ℓ[label]|]
//     gradient (mean) 1.01·[p(λ + u(|ℓ| + 2)) + p·E_ℓ + 3u|p − y| + 2u·y]/N + η
//
// Weights, smoothing and target distributions add roundings of q, in sums of C terms.

public import LayerKit
public import Tensors

/// The log-softmax at one position, and how far rounding may move it.
private struct Row {
  /// ℓ.
  let logarithms: [Double]
  /// The softmax, and λ of each of its elements.
  let softmax: SoftmaxRowError

  init(_ question: BoundQuestion, _ scores: ClassScores, at position: Int) {
    let x = question.operands.inputs[0]
    logarithms = scores.logarithms(x, at: position)
    softmax = SoftmaxRowError(scores.row(x, at: position), question.rounding)
  }

  /// E_ℓ.
  func error(_ c: Int) -> Double { softmax.logarithmic(c, logarithms[c]) }
}

extension CrossEntropyLoss {
  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let scores = ClassScores(question.operands.inputs[0].shape)
    let target = ClassTarget(self, question.operands, scores)
    guard case .inputGradient(let input) = question.tensor else {
      return valueBound(question, scores, target)
    }
    return .elementwise(
      input == 0
        ? gradientLimits(question, scores, target) : targetLimits(question, scores, target))
  }

  /// The roundings in one q, and in the sum over its classes: none for a plain class index.
  private func extraTerms(_ question: BoundQuestion, _ target: ClassTarget<Double>) -> Int {
    let classes = ClassScores(question.operands.inputs[0].shape).classes
    let isWeighted = question.operands.auxiliary["weight"] != nil
    let isSpread = smoothing > 0 || !target.isIndices
    return (isWeighted ? 1 : 0) + (isSpread ? classes + 6 : 0)
  }

  /// The roundings in the denominator of a mean, and the division.
  private func averagingTerms(_ question: BoundQuestion, _ target: ClassTarget<Double>) -> Int {
    guard reduction == .mean else { return 0 }
    let isWeighted = question.operands.auxiliary["weight"] != nil && target.isIndices
    return 1 + (isWeighted ? question.operands.inputs[1].count : 0)
  }

  private func valueBound(
    _ question: BoundQuestion, _ scores: ClassScores, _ target: ClassTarget<Double>
  ) -> ErrorBound {
    var errors = Tensor(scores.positions, repeating: 0.0)
    var magnitudes = errors
    for position in 0..<errors.count where !target.isIgnored(position) {
      let row = Row(question, scores, at: position)
      for c in target.classes(position) {
        let q = target.q(position, c).magnitude
        errors[position] += q * row.error(c)
        magnitudes[position] += q * row.logarithms[c].magnitude
      }
    }
    let summing = reduction == .none ? 0 : errors.count
    return reduction.bound(
      errors: errors, magnitudes: magnitudes,
      terms: summing + averagingTerms(question, target) + extraTerms(question, target),
      denominator: target.denominator, question.rounding)
  }

  private func gradientLimits(
    _ question: BoundQuestion, _ scores: ClassScores, _ target: ClassTarget<Double>
  ) -> Tensor<Double> {
    let (unit, underflow) = (question.rounding.unit, question.rounding.underflow)
    let extra = extraTerms(question, target)
    let averaging = max(0, averagingTerms(question, target) - 1)
    // Multiplying by an upstream gradient other than 1 is one more rounding.
    let gamma = question.rounding.gamma(extra + averaging + 1)
    var limits = question.computed.map { _ in 0.0 }
    for position in 0..<scores.positions.count where !target.isIgnored(position) {
      let row = Row(question, scores, at: position)
      let s = reduction.upstream(
        question.upstream[0], at: position, denominator: target.denominator)
      let given = reduction.upstream(question.upstream[0], at: position, denominator: 1)
      let isPlain = extra == 0 && averaging == 0 && given.magnitude == 1
      let total = target.classes(position).reduce(0) { $0 + target.q(position, $1).magnitude }
      for c in 0..<scores.classes {
        let p = row.softmax.p[c]
        let q = target.q(position, c)
        let softmax = p * (row.softmax.relative(c) + unit * (row.logarithms[c].magnitude + 2))
        let plain =
          total * (softmax + p * row.error(c)) + 3 * unit * (p * total - q).magnitude
          + 2 * unit * q.magnitude
        let further = isPlain ? 0 : gamma * (p * total + q.magnitude)
        limits[scores.offset(position, c)] =
          1.01 * s.magnitude * (plain + further) + underflow
      }
    }
    return limits
  }

  /// dt = −s·w·(1 − ε)·ℓ: the error of ℓ, and a few products.
  private func targetLimits(
    _ question: BoundQuestion, _ scores: ClassScores, _ target: ClassTarget<Double>
  ) -> Tensor<Double> {
    var limits = question.computed.map { _ in 0.0 }
    let gamma = question.rounding.gamma(8)
    for position in 0..<scores.positions.count {
      let row = Row(question, scores, at: position)
      let s = reduction.upstream(
        question.upstream[0], at: position, denominator: target.denominator)
      for c in 0..<scores.classes {
        let error = row.error(c) + gamma * row.logarithms[c].magnitude
        limits[scores.offset(position, c)] =
          1.01 * (s * target.slope(c)).magnitude * error + question.rounding.underflow
      }
    }
    return limits
  }
}
