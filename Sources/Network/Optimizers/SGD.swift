// Source: torch.optim.SGD (2.13).

public import LayerKit

/// Stochastic gradient descent, with momentum.
///
///     g ← g + λp
///     v ← g in the first step, then μv + (1 − τ)g
///     p ← p − η·v, or with Nesterov's momentum p − η(g + μv)
///
/// η is outside the buffer. State: `momentum_buffer`, v, where μ ≠ 0.
public struct SGD: AdjustableOptimizer {
  public static let kind = "SGD"
  public static let slots = ["momentum_buffer"]
  public static let countsSteps = false

  var learningRate: Double
  let momentum: Double
  private let dampening: Double
  var weightDecay: Double
  var isNesterov: Bool
  var maximizes: Bool

  public init(_ hyperparameters: inout HyperparameterReader) {
    learningRate = hyperparameters.nonNegative("lr", default: 1e-3)
    momentum = hyperparameters.nonNegative("momentum", default: 0)
    dampening = hyperparameters.real("dampening", default: 0)
    weightDecay = hyperparameters.nonNegative("weight_decay", default: 0)
    isNesterov = hyperparameters.boolean("nesterov", default: false)
    maximizes = hyperparameters.boolean("maximize", default: false)
    hyperparameters.ignoreImplementationChoices()
    if isNesterov, momentum == 0 || dampening != 0 {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "nesterov",
          allowed: "true only with a momentum above 0 and a dampening of 0", found: true))
    }
  }

  public func initialValue(ofSlot slot: Int) -> Double? { momentum == 0 ? nil : 0 }

  func remember<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> (parameter: N, gradient: N) {
    let g = gradient.descended(at: p, climbing: maximizes, weightDecay: weightDecay)
    guard momentum != 0 else { return (p, g) }
    // v ← μv + (1 − τ)g
    state.first =
      state.isNew ? g : p.constant(momentum) * state.first + p.constant(1 - dampening) * g
    return (p, g)
  }

  func moved<N: StepNumber>(
    _ p: N, gradient g: N, state: inout StepState<N>, step t: Int
  ) -> N {
    guard momentum != 0 else { return p - p.constant(learningRate) * g }
    let direction = isNesterov ? g + p.constant(momentum) * state.first : state.first
    return p - p.constant(learningRate) * direction
  }
}
