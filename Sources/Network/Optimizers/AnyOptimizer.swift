public import LayerKit
public import Tensors

/// A configured optimiser whose type has been erased, with one entry point for each precision.
public struct AnyOptimizer: Sendable {
  /// The name of its kind.
  public let kind: String
  /// The slots that this configuration keeps for a parameter, besides `step`.
  public let slots: [String]
  /// Whether a parameter's state has the slot `step`.
  public let countsSteps: Bool
  /// How far rounding may move what a step computes from a parameter, its gradient, the error of
  /// the gradient where that is a sum, and the state before.
  public let bounds:
    @Sendable (
      _ parameter: Tensor<Double>, _ gradient: Tensor<Double>, _ gradientError: Tensor<Double>?,
      _ state: ParameterState<Double>, Rounding
    ) -> StepBounds

  /// A step seen as a layer without gradients, so that what explains layers explains steps, too.
  ///
  /// It goes from parameter and gradient to the new parameter; its buffers are the slots and `step`.
  public let step: AnyLayer

  let single: Update<Float>
  let double: Update<Double>

  /// One step of one parameter, at one precision.
  typealias Update<S: FloatingScalar> =
    @Sendable (inout Tensor<S>, Tensor<S>, inout ParameterState<S>) -> Void

  /// Erases the type of an optimiser.
  public init<O: Optimizer>(_ optimizer: O) {
    kind = O.kind
    slots = O.slots.indices.filter { optimizer.initialValue(ofSlot: $0) != nil }.map { O.slots[$0] }
    countsSteps = O.countsSteps
    step = AnyLayer(OptimizerStep(optimizer))
    single = { optimizer.update(&$0, gradient: $1, state: &$2) }
    double = { optimizer.update(&$0, gradient: $1, state: &$2) }
    bounds = {
      optimizer.bounds($0, gradient: $1, gradientError: $2, state: $3, rounding: $4)
    }
  }

  /// Moves a parameter by one step and brings its state up to date.
  public func update<S: TrainingScalar>(
    _ parameter: inout Tensor<S>, gradient: Tensor<S>, state: inout ParameterState<S>
  ) {
    S.step(of: self)(&parameter, gradient, &state)
  }
}

/// A precision that networks can be trained at.
public protocol TrainingScalar: LayerScalar, StepNumber {
  /// The optimiser's step at this precision.
  static func step(
    of optimizer: AnyOptimizer
  ) -> @Sendable (inout Tensor<Self>, Tensor<Self>, inout ParameterState<Self>) -> Void
}

extension Float: TrainingScalar {
  public static func step(
    of optimizer: AnyOptimizer
  ) -> @Sendable (inout Tensor<Float>, Tensor<Float>, inout ParameterState<Float>) -> Void {
    optimizer.single
  }
}

extension Double: TrainingScalar {
  public static func step(
    of optimizer: AnyOptimizer
  ) -> @Sendable (inout Tensor<Double>, Tensor<Double>, inout ParameterState<Double>) -> Void {
    optimizer.double
  }
}
