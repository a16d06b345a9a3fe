// Sources: torch.optim.Adagrad (2.13); Duchi, Hazan & Singer 2011.

public import LayerKit

/// Steps divided by the root of the sum of all squared gradients.
///
///     g ← g + λp
///     s ← s + g²
///     p ← p − η/(1 + (t − 1)κ) · g/(√s + ε), κ the `lr_decay`
///
/// State: `sum`, s, which begins with `initial_accumulator_value`; `step`, t.
public struct Adagrad: AdaptiveOptimizer {
  public static let kind = "Adagrad"
  public static let slots = ["sum"]

  var learningRate: Double
  private let decay: Double
  var weightDecay: Double
  private let initialSum: Double
  var epsilon: Double
  var maximizes: Bool

  public init(_ hyperparameters: inout HyperparameterReader) {
    learningRate = hyperparameters.nonNegative("lr", default: 1e-2)
    decay = hyperparameters.nonNegative("lr_decay", default: 0)
    weightDecay = hyperparameters.nonNegative("weight_decay", default: 0)
    initialSum = hyperparameters.nonNegative("initial_accumulator_value", default: 0)
    epsilon = hyperparameters.nonNegative("eps", default: 1e-10)
    maximizes = hyperparameters.boolean("maximize", default: false)
    hyperparameters.ignoreImplementationChoices()
  }

  public func initialValue(ofSlot slot: Int) -> Double? { initialSum }

  func remember<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> (parameter: N, gradient: N) {
    let g = gradient.descended(at: p, climbing: maximizes, weightDecay: weightDecay)
    state.first = state.first + g * g
    return (p, g)
  }

  func moved<N: StepNumber>(
    _ p: N, gradient g: N, state: inout StepState<N>, step t: Int
  ) -> N {
    let rate = learningRate / (1 + Double(t - 1) * decay)
    return p - p.constant(rate) * (g / (N.squareRoot(state.first) + p.constant(epsilon)))
  }

  func secondCorrection(_ t: Int) -> Double { 1 }

  func addToSecondMoment<N: StepNumber>(_ number: N, _ state: inout StepState<N>) {
    state.first = state.first + number
  }
}
