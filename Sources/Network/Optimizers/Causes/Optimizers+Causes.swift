// Known mistakes of single optimisers, beside those of all of them.

public import LayerKit
import Tensors

// MARK: SGD

extension SGD {
  /// With Nesterov's momentum a step without look-ahead is the one with the buffer from before.
  public var causes: [Cause] {
    commonCauses + [momentumConvention, nesterovMixed] + (isNesterov ? [] : [staleState])
  }

  /// The learning rate inside the buffer, or (1 − μ)·g in it.
  private var momentumConvention: Cause {
    Cause(
      "momentum-convention",
      advice: "the momentum buffer follows another convention",
      remedies: [
        .torch: "v ← μv + (1 - `dampening`)g, and the step is lr·v",
        .keras: "v ← μv - lr·g, and the step is v",
        .jax: "`optax.trace`: v ← μv + g",
      ], shownBy: "a step after the first"
    ) { evidence in
      guard momentum != 0 else { return [] }
      return [
        evidence.replay(
          AnyLayer(OptimizerStep(RateInBuffer(base: self))),
          detail: "the learning rate inside the buffer"),
        evidence.replay(
          AnyLayer(OptimizerStep(AveragingBuffer(base: self))), detail: "(1 - momentum) * g"),
      ].compactMap { $0 }
    }
  }

  private var nesterovMixed: Cause {
    Cause(
      "nesterov-mixed",
      advice: isNesterov
        ? "Nesterov's look-ahead was left out: set nesterov=True on both sides"
        : "Nesterov's look-ahead was added: set nesterov=False on both sides"
    ) { evidence in
      guard momentum != 0, evidence.tensor == .output(0) else { return [] }
      return [evidence.replay(changed { $0.isNesterov.toggle() })].compactMap { $0 }
    }
  }
}

/// v ← μv + ηg, p ← p − v, or with Nesterov's momentum p − (ηg + μv).
private struct RateInBuffer: Optimizer {
  static let kind = SGD.kind
  static let slots = SGD.slots
  static let countsSteps = SGD.countsSteps

  let base: SGD

  init(base: SGD) { self.base = base }

  init(_ hyperparameters: inout HyperparameterReader) { base = SGD(&hyperparameters) }

  func initialValue(ofSlot slot: Int) -> Double? { base.initialValue(ofSlot: slot) }

  func updated<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> N {
    let g = gradient.descended(at: p, climbing: base.maximizes, weightDecay: base.weightDecay)
    let step = p.constant(base.learningRate) * g
    let v = state.isNew ? step : p.constant(base.momentum) * state.first + step
    state.first = v
    return base.isNesterov ? p - (step + p.constant(base.momentum) * v) : p - v
  }
}

/// v ← μv + (1 − μ)g from v = 0.
private struct AveragingBuffer: Optimizer {
  static let kind = SGD.kind
  static let slots = SGD.slots
  static let countsSteps = SGD.countsSteps

  let base: SGD

  init(base: SGD) { self.base = base }

  init(_ hyperparameters: inout HyperparameterReader) { base = SGD(&hyperparameters) }

  func initialValue(ofSlot slot: Int) -> Double? { base.initialValue(ofSlot: slot) }

  func updated<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> N {
    let g = gradient.descended(at: p, climbing: base.maximizes, weightDecay: base.weightDecay)
    let mu = base.momentum
    let v = p.constant(mu) * state.first + p.constant(1 - mu) * g
    state.first = v
    return base.moved(p, gradient: g, state: &state, step: t)
  }
}

// MARK: Adam

extension Adam {
  public var causes: [Cause] { momentCauses }
}

extension AdamW {
  public var causes: [Cause] { momentCauses }
}

extension MomentOptimizer {
  /// What can be done wrongly with the estimates of two moments.
  fileprivate var momentCauses: [Cause] {
    commonCauses + [
      staleState, epsilonPlacement, biasCorrection, stepIndex, betasSwapped, decayCoupled,
    ]
  }

  /// 1 − βᵗ = 1, as after a great many steps.
  private var biasCorrection: Cause {
    Cause(
      "optimizer-bias-correction",
      advice: "the moments were not divided by 1 - βᵗ: correct both of them",
      shownBy: "one of the first steps, with gradients of the order of epsilon"
    ) { evidence in
      evidence.replaying(step: 1_000_000_000, detail: nil).map { [$0] } ?? []
    }
  }

  private var stepIndex: Cause {
    Cause(
      "optimizer-step-index",
      advice: "the bias correction counts steps otherwise: t is 1 in the first step",
      shownBy: "one of the first steps, with gradients of the order of epsilon"
    ) { evidence in
      let step = evidence.operands.buffers["step"].map { Int($0[0]) } ?? 0
      return [(step + 1, "one step ahead"), (step - 1, "one step behind")].compactMap {
        // In step 0 nothing can be divided by 1 − β⁰.
        $0.0 < 0 ? nil : evidence.replaying(step: $0.0, detail: $0.1)
      }
    }
  }

  private var betasSwapped: Cause {
    Cause(
      "optimizer-betas-swapped",
      advice: "β₁ and β₂ are exchanged: the first belongs to the mean, the second to"
        + " the squares",
      remedies: [
        .torch: "`betas=(0.9, 0.999)`",
        .keras: "`beta_1=0.9, beta_2=0.999`",
        .jax: "`b1=0.9, b2=0.999`",
      ]
    ) { evidence in
      [
        evidence.replay(
          changed { $0.estimate.betas = ($0.estimate.betas.second, $0.estimate.betas.first) })
      ].compactMap { $0 }
    }
  }

  private var decayCoupled: Cause {
    Cause(
      "weight-decay-coupled",
      advice: estimate.isDecoupled
        ? "the weight decay went through the moments, as in Adam: AdamW takes it off the parameter"
        : "the weight decay was taken off the parameter, as in AdamW: Adam adds it to the gradient",
      remedies: [
        .torch: "`Adam` has the decay in the gradient, `AdamW` beside it",
        .keras: "`Adam(weight_decay=)` and `AdamW` both have it beside the gradient",
        .jax: "`optax.adamw` has it beside the gradient",
      ], shownBy: "a weight decay above 0"
    ) { evidence in
      guard estimate.weightDecay != 0 else { return [] }
      return [evidence.replay(changed { $0.estimate.isDecoupled.toggle() })].compactMap { $0 }
    }
  }
}

extension Evidence {
  /// The step after another number of steps.
  fileprivate func replaying(step: Int, detail: String?) -> Prediction? {
    guard tensor == .output(0) else { return nil }
    var operands = operands
    operands.buffers["step"] = Tensor(scalar: Double(step))
    return replay(operands: operands, detail: detail)
  }
}

// MARK: RMSprop, Adagrad

extension RMSprop {
  public var causes: [Cause] { commonCauses + [staleState, epsilonPlacement] }
}

extension Adagrad {
  public var causes: [Cause] { commonCauses + [staleState, epsilonPlacement] }
}
