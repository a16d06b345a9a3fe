public import Tensors

/// What an optimiser remembers of one parameter.
public struct ParameterState<S: FloatingScalar>: Sendable {
  /// The number of steps already taken.
  public var step: Int
  /// The tensors by the names of their slots, each of the parameter's shape.
  ///
  /// Those that are not there yet are made by the next step.
  public var slots: [String: Tensor<S>]

  /// Gathers the state of a parameter; by default that before the first step.
  public init(step: Int = 0, slots: [String: Tensor<S>] = [:]) {
    self.step = step
    self.slots = slots
  }
}

/// How far rounding may move each number that a step computes.
public struct StepBounds: Sendable {
  /// The bound of the new parameter.
  public let parameter: Tensor<Double>
  /// The bounds of the new state, by slot.
  public let slots: [String: Tensor<Double>]
}

extension Optimizer {
  /// Moves a parameter by one step and brings its state up to date.
  func update<S: FloatingScalar & StepNumber>(
    _ parameter: inout Tensor<S>, gradient: Tensor<S>, state: inout ParameterState<S>
  ) {
    precondition(
      gradient.shape == parameter.shape, "\(gradient.shape) is no gradient of \(parameter.shape)")
    state.step += 1
    let t = state.step
    let before = slotsBefore(state, like: parameter)
    var after = before
    parameter = Tensor(
      parameter.shape,
      Array(count: parameter.count) { i in
        var numbers = StepState(
          before[0].map { $0[i] } ?? 0, before[1].map { $0[i] } ?? 0, before[2].map { $0[i] } ?? 0,
          isNew: isNew(state))
        let p = updated(parameter[i], gradient: gradient[i], state: &numbers, step: t)
        for slot in Self.slots.indices where after[slot] != nil { after[slot]?[i] = numbers[slot] }
        return p
      })
    for (slot, name) in Self.slots.enumerated() {
      if let tensor = after[slot] { state.slots[name] = tensor }
    }
  }

  /// How far rounding may move what the next step computes.
  ///
  /// `gradientError` is how far the gradient itself is uncertain, where it is a sum.
  func bounds(
    _ parameter: Tensor<Double>, gradient: Tensor<Double>, gradientError: Tensor<Double>?,
    state: ParameterState<Double>, rounding: Rounding
  ) -> StepBounds {
    let before = slotsBefore(state, like: parameter)
    var errors = before
    let bound = Array(count: parameter.count) { i in
      func given(_ tensor: Tensor<Double>?) -> RoundedNumber {
        RoundedNumber(tensor.map { $0[i] } ?? 0, rounding: rounding)
      }
      var numbers = StepState(
        given(before[0]), given(before[1]), given(before[2]), isNew: isNew(state))
      let g = RoundedNumber(
        gradient[i], error: gradientError.map { $0[i] } ?? 0, rounding: rounding)
      let p = updated(given(parameter), gradient: g, state: &numbers, step: state.step + 1)
      for slot in Self.slots.indices where before[slot] != nil {
        errors[slot]?[i] = numbers[slot].error
      }
      return p.error
    }
    var slots: [String: Tensor<Double>] = [:]
    for (slot, name) in Self.slots.enumerated() { slots[name] = errors[slot] }
    return StepBounds(parameter: Tensor(parameter.shape, bound), slots: slots)
  }

  private func isNew<S>(_ state: ParameterState<S>) -> Bool { state.slots[Self.slots[0]] == nil }

  /// The slots that this configuration uses, as they are before the step; always three entries.
  private func slotsBefore<S: FloatingScalar>(
    _ state: ParameterState<S>, like parameter: Tensor<S>
  ) -> [Tensor<S>?] {
    (0..<3).map { slot in
      guard slot < Self.slots.count, let initial = initialValue(ofSlot: slot) else { return nil }
      return state.slots[Self.slots[slot]] ?? Tensor(parameter.shape, repeating: S(initial))
    }
  }
}
