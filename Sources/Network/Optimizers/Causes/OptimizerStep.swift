import Kernels
public import LayerKit
public import Tensors

/// One step of one parameter, seen as a layer without gradients: what explains the tensors of a
/// layer then explains those of a step.
///
/// - Inputs: the parameter, its gradient → the parameter after the step.
/// - Buffers: the slots and `step`, before and after; `auxiliary/new` marks slots that the step
///   makes, `auxiliary/gradient_error` is how far a gradient is uncertain that is a sum.
struct OptimizerStep<O: Optimizer>: Layer {
  static var signature: Signature {
    Signature(
      kind: O.kind, inputs: [.init("parameter"), .init("gradient")],
      buffers: (O.slots + ["step"]).map { .init($0, optional: true) },
      auxiliary: [.init("new", optional: true), .init("gradient_error", optional: true)])
  }

  static var examples: [LayerExample] { [] }

  private let optimizer: O

  init(_ optimizer: O) { self.optimizer = optimizer }

  init(_ hyperparameters: inout HyperparameterReader) { optimizer = O(&hyperparameters) }

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { [operands.inputs[0]] }

  /// The step in double precision, whatever the scalar: it has no gradient to carry along.
  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let numbers = operands.mapTensors { $0.map(\.value) }
    var (parameter, state) = (numbers.inputs[0], Self.state(numbers))
    optimizer.update(&parameter, gradient: numbers.inputs[1], state: &state)
    var buffers = state.slots
    buffers["step"] = Tensor(scalar: Double(state.step))
    return Results(
      [parameter.map { S($0) }], buffers: buffers.mapValues { $0.map { S($0) } })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(inputs: [nil, nil])
  }

  func bound(_ question: BoundQuestion) -> ErrorBound {
    let operands = question.operands
    let bounds = optimizer.bounds(
      operands.inputs[0], gradient: operands.inputs[1],
      gradientError: operands.auxiliary["gradient_error"], state: Self.state(operands),
      rounding: question.rounding)
    switch question.tensor {
    case .output: return .elementwise(bounds.parameter)
    case .buffer(let name): return bounds.slots[name].map { .elementwise($0) } ?? .exact
    case .inputGradient, .parameterGradient: return .exact
    }
  }

  var causes: [Cause] { optimizer.causes }

  private static func state(_ operands: Operands<Double>) -> ParameterState<Double> {
    let isNew = operands.auxiliary["new"] != nil
    return ParameterState(
      step: operands.buffers["step"].map { Int($0[0]) } ?? 0,
      slots: isNew ? [:] : operands.buffers.filter { O.slots.contains($0.key) })
  }
}

extension AnyOptimizer {
  /// What a step is computed from, as the operands of the step seen as a layer.
  public func operands(
    _ parameter: Tensor<Double>, gradient: Tensor<Double>,
    gradientError: Tensor<Double>? = nil, state: ParameterState<Double>
  ) -> Operands<Double> {
    let isNew = slots.first.map { state.slots[$0] == nil } ?? false
    var buffers = state.slots
    for slot in slots where buffers[slot] == nil {
      // Stands for its shape alone.
      buffers[slot] = parameter.map { _ in 0 }
    }
    buffers["step"] = Tensor(scalar: Double(state.step))
    var auxiliary: [String: Tensor<Double>] = [:]
    auxiliary["gradient_error"] = gradientError
    if isNew { auxiliary["new"] = Tensor(scalar: 1) }
    return Operands(inputs: [parameter, gradient], buffers: buffers, auxiliary: auxiliary)
  }
}
