import LayerKit
import RealModule

/// An optimiser that divides by the root of a second moment, to which it adds ε.
protocol AdaptiveOptimizer: AdjustableOptimizer {
  var epsilon: Double { get set }

  /// What the second moment is divided by in step t: 1 − β₂ᵗ, or 1.
  func secondCorrection(_ t: Int) -> Double

  /// Adds a number to the second moment.
  func addToSecondMoment<N: StepNumber>(_ number: N, _ state: inout StepState<N>)
}

extension AdaptiveOptimizer {
  /// ε under the root, before the correction, or both.
  var epsilonPlacement: Cause {
    Cause(
      "optimizer-epsilon-placement",
      advice: "epsilon was added elsewhere than to the root of the corrected second"
        + " moment",
      remedies: [
        .torch: "`torch.optim` divides by √(v/(1 - β₂ᵗ)) + ε",
        .keras: "Keras adds ε to √v before the correction, and in RMSprop and Adagrad"
          + " under the root",
        .jax: "`optax.adam` has `eps` outside of the root and `eps_root` under it",
      ], shownBy: "gradients of the order of epsilon"
    ) { evidence in
      guard evidence.tensor == .output(0) || Self.kind == RMSprop.kind else { return [] }
      return EpsilonPlacement.allCases.compactMap { placement in
        evidence.replay(
          AnyLayer(OptimizerStep(MisplacedEpsilon(base: self, placement: placement))),
          detail: placement.rawValue)
      }
    }
  }
}

private enum EpsilonPlacement: String, CaseIterable {
  case underRoot = "under the root"
  case beforeCorrection = "before the bias correction"
  case underRootBeforeCorrection = "under the root, before the bias correction"
}

/// A step with ε in another place.
private struct MisplacedEpsilon<Base: AdaptiveOptimizer>: Optimizer {
  static var kind: String { Base.kind }
  static var slots: [String] { Base.slots }
  static var countsSteps: Bool { Base.countsSteps }

  let base: Base
  let placement: EpsilonPlacement

  init(base: Base, placement: EpsilonPlacement) {
    self.base = base
    self.placement = placement
  }

  init(_ hyperparameters: inout HyperparameterReader) {
    self.init(base: Base(&hyperparameters), placement: .underRoot)
  }

  func initialValue(ofSlot slot: Int) -> Double? { base.initialValue(ofSlot: slot) }

  /// What is divided by, for c = 1 − β₂ᵗ.
  ///
  ///     √(v/c + ε) = √((v + cε)/c)          √((v + ε)/c)          (√v + ε)/√c = √(v/c) + ε/√c
  func updated<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> N {
    var other = base
    let correction = base.secondCorrection(t)
    let added: Double
    switch placement {
    case .underRoot: (other.epsilon, added) = (0, base.epsilon * correction)
    case .underRootBeforeCorrection: (other.epsilon, added) = (0, base.epsilon)
    case .beforeCorrection: (other.epsilon, added) = (base.epsilon / correction.squareRoot(), 0)
    }
    let (p, g) = base.remember(p, gradient: gradient, state: &state, step: t)
    var shifted = state
    if added != 0 { base.addToSecondMoment(p.constant(added), &shifted) }
    let result = other.moved(p, gradient: g, state: &shifted, step: t)
    // What else the second part updates stays, the moment that was added to does not.
    if Base.kind == RMSprop.kind { state.second = shifted.second }
    return result
  }
}
