import LayerKit
import Tensors

/// An optimiser whose step has two parts, and whose settings can be changed: what its known mistakes
/// are made of.
protocol AdjustableOptimizer: Optimizer {
  var learningRate: Double { get set }
  var weightDecay: Double { get set }
  var maximizes: Bool { get set }

  /// Brings the moments up to date with a gradient; returns the parameter and the gradient that the
  /// rest of the step goes on with.
  func remember<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> (parameter: N, gradient: N)

  /// The parameter after the step.
  func moved<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> N
}

extension AdjustableOptimizer {
  public func updated<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> N {
    let (p, g) = remember(p, gradient: gradient, state: &state, step: t)
    return moved(p, gradient: g, state: &state, step: t)
  }

  /// The step with some settings changed.
  func changed(_ change: (inout Self) -> Void) -> AnyLayer {
    var other = self
    change(&other)
    return AnyLayer(OptimizerStep(other))
  }
}

// MARK: Causes

extension AdjustableOptimizer {
  /// What can be done wrongly with every optimiser.
  var commonCauses: [Cause] {
    [sign, rate, decayOmitted]
  }

  private var sign: Cause {
    Cause(
      "optimizer-sign",
      advice: "the parameter moved along the gradient: subtract the step",
      remedies: [
        .torch: "set the same `maximize`"
      ]
    ) { evidence in
      guard evidence.tensor == .output(0) else { return [] }
      return [
        evidence.replay(changed { $0.learningRate.negate() }, detail: "the whole step"),
        evidence.replay(changed { $0.maximizes.toggle() }, detail: "the gradient"),
      ].compactMap { $0 }
    }
  }

  /// Δ_S = c·Δ_M, c = ⟨Δ_S, Δ_M⟩/⟨Δ_M, Δ_M⟩; at least four elements that move.
  private var rate: Cause {
    Cause(
      "optimizer-learning-rate",
      advice: "the whole step has another length: set the same learning rate, and check"
        + " schedules and warm-up",
      remedies: [
        .torch: "`lr=`; schedulers step after the optimiser",
        .keras: "`learning_rate=`",
        .jax: "`learning_rate=`",
      ], shownBy: "four elements that move",
      specificity: .fitted
    ) { evidence in
      let (before, right) = (evidence.operands.inputs[0], evidence.computed)
      guard evidence.tensor == .output(0), evidence.suspect.shape == before.shape else { return [] }
      var (product, square, count) = (0.0, 0.0, 0)
      for i in 0..<before.count where right[i] != before[i] {
        let step = right[i] - before[i]
        product += (evidence.suspect[i] - before[i]) * step
        square += step * step
        count += 1
      }
      let factor = product / square
      guard count >= 4, factor.isFinite, factor > 0,
        let fitted = evidence.replay(changed { $0.learningRate *= factor })
      else { return [] }
      return [
        Prediction(
          fitted.values,
          detail: "learning rate \(Float(learningRate * factor)), \(Float(factor)) times", fitted: 1
        ) {
          guard case .own(let bound) = fitted.margin else { return .exact }
          return bound()
        }
      ]
    }
  }

  private var decayOmitted: Cause {
    Cause(
      "weight-decay-omitted",
      advice: "the weight decay was left out, perhaps for biases and norms alone",
      remedies: [
        .torch: "set the same `weight_decay`",
        .keras: "set the same `weight_decay`; `exclude_from_weight_decay` leaves"
          + " parameters out",
        .jax: "`optax.add_decayed_weights` with the same `mask`",
      ], shownBy: "a weight decay above 0, with momentum"
    ) { evidence in
      weightDecay == 0 ? [] : [evidence.replay(changed { $0.weightDecay = 0 })].compactMap { $0 }
    }
  }

  var staleState: Cause {
    Cause(
      "optimizer-stale-state",
      advice:
        "the step was made with the state from before the update: bring the moments up to date"
        + " first", shownBy: "a state that is not zero"
    ) { evidence in
      guard evidence.tensor == .output(0), initialValue(ofSlot: 0) != nil else { return [] }
      return [evidence.replay(AnyLayer(OptimizerStep(StaleStep(base: self))))].compactMap { $0 }
    }
  }
}

/// A step with the state from before the update.
private struct StaleStep<Base: AdjustableOptimizer>: Optimizer {
  static var kind: String { Base.kind }
  static var slots: [String] { Base.slots }
  static var countsSteps: Bool { Base.countsSteps }

  let base: Base

  init(base: Base) { self.base = base }

  init(_ hyperparameters: inout HyperparameterReader) { base = Base(&hyperparameters) }

  func initialValue(ofSlot slot: Int) -> Double? { base.initialValue(ofSlot: slot) }

  func updated<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> N {
    var before = state
    let (p, g) = base.remember(p, gradient: gradient, state: &state, step: t)
    return base.moved(p, gradient: g, state: &before, step: t)
  }
}
