public import LayerKit

/// A rule by which training moves parameters: one formula for a single number, from which the
/// update of whole tensors and its error bound follow.
///
/// Kinds, hyper-parameters, defaults and the names of state are those of `torch.optim`.
public protocol Optimizer: Sendable {
  /// The name of the class in `torch.optim`.
  static var kind: String { get }
  /// The names of all tensors of state that the kind may keep for a parameter, at most three.
  static var slots: [String] { get }
  /// Whether a parameter's state counts its steps too, in the slot `step`.
  static var countsSteps: Bool { get }

  /// Decodes the hyper-parameters; the reader collects everything that is wrong.
  init(_ hyperparameters: inout HyperparameterReader)

  /// What fills a slot before the first step; nil where this configuration does not use it.
  func initialValue(ofSlot slot: Int) -> Double?

  /// The parameter after step `t`, counted from 1.
  ///
  /// Updates the state, whose slots stand in the order of `slots`.
  func updated<N: StepNumber>(_ p: N, gradient: N, state: inout StepState<N>, step t: Int) -> N

  /// Known ways of computing a step wrongly; none by default.
  ///
  /// A step is seen as a layer from parameter and gradient to the new parameter, whose buffers are
  /// the slots and `step`.
  var causes: [Cause] { get }
}

extension Optimizer {
  public static var countsSteps: Bool { true }

  public var causes: [Cause] { [] }
}

/// What an optimiser keeps for a single number of a parameter.
@frozen
public struct StepState<N: StepNumber>: Sendable {
  /// The first slot of the optimiser.
  public var first: N
  /// The second one.
  public var second: N
  /// The third one.
  public var third: N
  /// Whether the first slot has not been made yet.
  public let isNew: Bool

  /// Gathers the slots.
  @inlinable
  public init(_ first: N, _ second: N, _ third: N, isNew: Bool) {
    self.first = first
    self.second = second
    self.third = third
    self.isNew = isNew
  }

  /// A slot by its position.
  @inlinable
  subscript(_ slot: Int) -> N { slot == 0 ? first : slot == 1 ? second : third }
}

extension HyperparameterReader {
  /// What all optimisers of `torch.optim` take and what changes no number.
  mutating func ignoreImplementationChoices() {
    ignore("foreach", "fused", "capturable", "differentiable", "initial_lr")
  }

  /// A number of 0 or more.
  mutating func nonNegative(_ name: String, default placeholder: Double) -> Double {
    real(name, default: placeholder, in: 0...(.greatestFiniteMagnitude))
  }
}

extension StepNumber {
  /// The gradient that an update descends: reversed to climb, and with the weight decay λp.
  func descended(
    at p: Self, climbing: Bool, weightDecay: Double
  ) -> Self {
    let g = climbing ? -self : self
    // PyTorch leaves the term out where λ = 0, so that an infinite p stays without effect.
    return weightDecay == 0 ? g : g + p.constant(weightDecay) * p
  }
}
