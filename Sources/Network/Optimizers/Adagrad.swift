// Sources: torch.optim.Adagrad (2.13); Duchi, Hazan & Singer 2011.

public import LayerKit

/// Steps divided by the root of the sum of all squared gradients.
///
///     g ← g + λp
///     s ← s + g²
///     p ← p − η/(1 + (t − 1)κ) · g/(√s + ε), κ the `lr_decay`
///
/// State: `sum`, s, which begins with `initial_accumulator_value`; `step`, t.
public struct Adagrad: Optimizer {
  public static let kind = "Adagrad"
  public static let slots = ["sum"]

  private let learningRate: Double
  private let decay: Double
  private let weightDecay: Double
  private let initialSum: Double
  private let epsilon: Double
  private let maximizes: Bool

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

  public func updated<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> N {
    let g = gradient.descended(at: p, climbing: maximizes, weightDecay: weightDecay)
    state.first = state.first + g * g
    let rate = learningRate / (1 + Double(t - 1) * decay)
    return p - p.constant(rate) * (g / (N.squareRoot(state.first) + p.constant(epsilon)))
  }
}
