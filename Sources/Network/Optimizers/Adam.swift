// Sources: torch.optim.Adam and AdamW (2.13); Kingma & Ba 2015; Reddi et al. 2018 (AMSGrad);
// Loshchilov & Hutter 2019 (decoupled weight decay).

public import LayerKit
import RealModule

/// Steps scaled by estimates of the first two moments of the gradient.
///
///     g ← g + λp, or with decoupled weight decay p ← p(1 − ηλ)
///     m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  with `amsgrad` w ← max(w, v)
///     p ← p − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε), w in place of v with `amsgrad`
///
/// State: `exp_avg`, m; `exp_avg_sq`, v; with `amsgrad` `max_exp_avg_sq`, w; `step`, t.
public struct Adam: MomentOptimizer {
  public static let kind = "Adam"
  public static let slots = MomentEstimate.slots
  var estimate: MomentEstimate

  public init(_ hyperparameters: inout HyperparameterReader) {
    let isDecoupled = hyperparameters.boolean("decoupled_weight_decay", default: false)
    estimate = MomentEstimate(&hyperparameters, weightDecay: 0, isDecoupled: isDecoupled)
  }

  public func initialValue(ofSlot slot: Int) -> Double? { estimate.initialValue(ofSlot: slot) }
}

/// Adam whose weight decay does not go through the moments, 0.01 by default.
public struct AdamW: MomentOptimizer {
  public static let kind = "AdamW"
  public static let slots = MomentEstimate.slots
  var estimate: MomentEstimate

  public init(_ hyperparameters: inout HyperparameterReader) {
    hyperparameters.ignore("decoupled_weight_decay")
    estimate = MomentEstimate(&hyperparameters, weightDecay: 0.01, isDecoupled: true)
  }

  public func initialValue(ofSlot slot: Int) -> Double? { estimate.initialValue(ofSlot: slot) }
}

/// An optimiser that follows the estimates of two moments.
protocol MomentOptimizer: AdaptiveOptimizer {
  /// The formula.
  var estimate: MomentEstimate { get set }
}

/// The formula that both kinds share.
struct MomentEstimate: Sendable {
  static let slots = ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]

  var learningRate: Double
  var betas: (first: Double, second: Double)
  var epsilon: Double
  var weightDecay: Double
  var isDecoupled: Bool
  let hasMaximum: Bool
  var maximizes: Bool
  /// Whether PyTorch computes 1 − βᵗ with a tensor, which is in single precision.
  let hasSingleCorrections: Bool

  init(
    _ hyperparameters: inout HyperparameterReader, weightDecay: Double, isDecoupled: Bool
  ) {
    learningRate = hyperparameters.nonNegative("lr", default: 1e-3)
    betas = hyperparameters.decayRates("betas", default: (0.9, 0.999))
    epsilon = hyperparameters.nonNegative("eps", default: 1e-8)
    self.weightDecay = hyperparameters.nonNegative("weight_decay", default: weightDecay)
    hasMaximum = hyperparameters.boolean("amsgrad", default: false)
    maximizes = hyperparameters.boolean("maximize", default: false)
    self.isDecoupled = isDecoupled
    let isCapturable = hyperparameters.boolean("capturable", default: false)
    let isDifferentiable = hyperparameters.boolean("differentiable", default: false)
    hasSingleCorrections = isCapturable || isDifferentiable
    hyperparameters.ignoreImplementationChoices()
  }

  func initialValue(ofSlot slot: Int) -> Double? { slot < 2 || hasMaximum ? 0 : nil }

  func remember<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>
  ) -> (parameter: N, gradient: N) {
    var p = p
    if isDecoupled, weightDecay != 0 { p = p * p.constant(1 - learningRate * weightDecay) }
    let g = gradient.descended(
      at: p, climbing: maximizes, weightDecay: isDecoupled ? 0 : weightDecay)
    state.first = state.first.averaged(with: g, keeping: betas.first)
    // v ← β₂v + (1 − β₂)g²
    state.second =
      p.constant(betas.second) * state.second + p.constant(1 - betas.second) * (g * g)
    if hasMaximum { state.third = N.larger(state.third, state.second) }
    return (p, g)
  }

  func moved<N: StepNumber>(_ p: N, state: StepState<N>, step t: Int) -> N {
    let (first, second) = (correction(betas.first, t), correction(betas.second, t))
    let spread =
      N.squareRoot(hasMaximum ? state.third : state.second)
      / p.constant(second.value.squareRoot(), uncertainty: second.uncertainty)
    // p ← p − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
    return p
      - p.constant(learningRate / first.value, uncertainty: first.uncertainty)
      * (state.first / (spread + p.constant(epsilon)))
  }

  /// 1 − βᵗ, and how uncertain it is where it is computed in single precision.
  ///
  /// β is then rounded before it is raised to the power t, which moves βᵗ by t·u, the power and
  /// the difference round once or twice more.
  func correction(_ beta: Double, _ t: Int) -> (value: Double, uncertainty: Double) {
    let power = Double.pow(beta, t)
    guard hasSingleCorrections else { return (1 - power, 0) }
    return (1 - power, 2 * 0x1p-24 * (1 + Double(t + 4) * power / (1 - power)))
  }
}

extension MomentOptimizer {
  var learningRate: Double {
    get { estimate.learningRate }
    set { estimate.learningRate = newValue }
  }

  var weightDecay: Double {
    get { estimate.weightDecay }
    set { estimate.weightDecay = newValue }
  }

  var maximizes: Bool {
    get { estimate.maximizes }
    set { estimate.maximizes = newValue }
  }

  var epsilon: Double {
    get { estimate.epsilon }
    set { estimate.epsilon = newValue }
  }

  func remember<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> (parameter: N, gradient: N) {
    estimate.remember(p, gradient: gradient, state: &state)
  }

  func moved<N: StepNumber>(
    _ p: N, gradient: N, state: inout StepState<N>, step t: Int
  ) -> N {
    estimate.moved(p, state: state, step: t)
  }

  func secondCorrection(_ t: Int) -> Double { estimate.correction(estimate.betas.second, t).value }

  func addToSecondMoment<N: StepNumber>(_ number: N, _ state: inout StepState<N>) {
    state.second = state.second + number
    state.third = state.third + number
  }
}

extension HyperparameterReader {
  /// Two rates from 0 to below 1.
  fileprivate mutating func decayRates(
    _ name: String, default placeholder: (Double, Double)
  ) -> (Double, Double) {
    guard let value = value(name) else { return placeholder }
    let numbers = value.elements.compactMap(\.asReal)
    guard numbers.count == 2, value.elements.count == 2 else {
      report(.wrongType(hyperparameter: name, expected: "two numbers", found: value))
      return placeholder
    }
    guard numbers.allSatisfy({ (0.0..<1).contains($0) }) else {
      report(.outOfRange(hyperparameter: name, allowed: "from 0 to below 1", found: value))
      return placeholder
    }
    return (numbers[0], numbers[1])
  }
}
