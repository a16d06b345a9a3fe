// Sources: torch.optim.RMSprop (2.13); Hinton, lecture 6e of "Neural Networks for Machine
// Learning" (2012); Graves 2013 (centred).

public import LayerKit

/// Steps divided by the root of a moving average of squared gradients.
///
///     g ← g + λp
///     v ← αv + (1 − α)g²,  centred a ← αa + (1 − α)g
///     d = √v + ε, centred √(v − a²) + ε
///     p ← p − η·g/d, or with momentum b ← μb + g/d, p ← p − η·b
///
/// State: `square_avg`, v; with momentum `momentum_buffer`, b; centred `grad_avg`, a; `step`.
public struct RMSprop: AdaptiveOptimizer {
  public static let kind = "RMSprop"
  public static let slots = ["square_avg", "momentum_buffer", "grad_avg"]

  var learningRate: Double
  private let alpha: Double
  var epsilon: Double
  var weightDecay: Double
  private let momentum: Double
  private let isCentered: Bool
  var maximizes: Bool

  public init(_ hyperparameters: inout HyperparameterReader) {
    learningRate = hyperparameters.nonNegative("lr", default: 1e-2)
    alpha = hyperparameters.nonNegative("alpha", default: 0.99)
    epsilon = hyperparameters.nonNegative("eps", default: 1e-8)
    weightDecay = hyperparameters.nonNegative("weight_decay", default: 0)
    momentum = hyperparameters.nonNegative("momentum", default: 0)
    isCentered = hyperparameters.boolean("centered", default: false)
    maximizes = hyperparameters.boolean("maximize", default: false)
    hyperparameters.ignoreImplementationChoices()
  }

  public func initialValue(ofSlot slot: Int) -> Double? {
    switch slot {
    case 0: 0
    case 1: momentum > 0 ? 0 : nil
    default: isCentered ? 0 : nil
    }
  }

  func remember<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> (parameter: N, gradient: N) {
    let g = gradient.descended(at: p, climbing: maximizes, weightDecay: weightDecay)
    // v ← αv + (1 − α)g²
    state.first = p.constant(alpha) * state.first + p.constant(1 - alpha) * (g * g)
    if isCentered { state.third = state.third.averaged(with: g, keeping: alpha) }
    return (p, g)
  }

  func moved<N: StepNumber>(
    _ p: N, gradient g: N, state: inout StepState<N>, step t: Int
  ) -> N {
    // A mean of squares is never less than the square of the mean: below 0 there is rounding alone,
    // of which PyTorch takes the root, NaN. Where v − a² cancels, the bound grows by itself.
    let variance =
      isCentered
      ? N.larger(state.first - state.third * state.third, p.constant(0)) : state.first
    let step = g / (N.squareRoot(variance) + p.constant(epsilon))
    guard momentum > 0 else { return p - p.constant(learningRate) * step }
    state.second = p.constant(momentum) * state.second + step
    return p - p.constant(learningRate) * state.second
  }

  func secondCorrection(_ t: Int) -> Double { 1 }

  func addToSecondMoment<N: StepNumber>(_ number: N, _ state: inout StepState<N>) {
    state.first = state.first + number
  }
}
