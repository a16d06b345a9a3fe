public import Tensors

/// Everything that a layer computes from.
public struct Operands<S: Sendable>: Sendable {
  /// The inputs, in the order of the signature.
  public var inputs: [Tensor<S>]
  /// The trainable tensors by name; optional ones may be absent.
  public var parameters: [String: Tensor<S>]
  /// The state before the forward pass, by name.
  public var buffers: [String: Tensor<S>]
  /// Masks and class weights, by name.
  public var auxiliary: [String: Tensor<S>]
  /// Whether the layer is training.
  public var isTraining: Bool
  /// The format of the reference's tensors, to which it rounds a constant before using it.
  public var format: NumberFormat
  /// The format of the input of the reference, by whose machine epsilon a constant may be defined;
  /// that of its twin in double precision is the same.
  public var inputFormat: NumberFormat

  /// Gathers the operands of one application of a layer.
  public init(
    inputs: [Tensor<S>] = [], parameters: [String: Tensor<S>] = [:],
    buffers: [String: Tensor<S>] = [:], auxiliary: [String: Tensor<S>] = [:],
    isTraining: Bool = false, format: NumberFormat = .float64, inputFormat: NumberFormat? = nil
  ) {
    self.inputs = inputs
    self.parameters = parameters
    self.buffers = buffers
    self.auxiliary = auxiliary
    self.isTraining = isTraining
    self.format = format
    self.inputFormat = inputFormat ?? format
  }

  /// The operands with every tensor transformed.
  @inlinable
  public func mapTensors<T: Sendable>(_ transform: (Tensor<S>) -> Tensor<T>) -> Operands<T> {
    Operands<T>(
      inputs: inputs.map(transform), parameters: parameters.mapValues(transform),
      buffers: buffers.mapValues(transform), auxiliary: auxiliary.mapValues(transform),
      isTraining: isTraining, format: format, inputFormat: inputFormat)
  }

  /// A parameter that the signature requires, so that it is there.
  @inlinable
  public func parameter(_ name: String) -> Tensor<S> {
    guard let tensor = parameters[name] else {
      preconditionFailure("the signature does not require the parameter `\(name)`")
    }
    return tensor
  }

  /// The shapes of the operands.
  public var shapes: OperandShapes {
    OperandShapes(
      inputs: inputs.map(\.shape), parameters: parameters.mapValues(\.shape),
      buffers: buffers.mapValues(\.shape), auxiliary: auxiliary.mapValues(\.shape),
      isTraining: isTraining)
  }
}

extension Operands where S: Scalar {
  /// A constant of the layer (a slope, an ε), rounded to the reference's format first.
  ///
  /// The reference computes with the rounded constant, so with the unrounded one even a
  /// computation that rounds nowhere would differ from it.
  @inlinable
  public func constant(_ value: Double) -> S { S(format.rounded(value)) }
}

/// The shapes of everything that a layer computes from.
public struct OperandShapes: Hashable, Sendable {
  /// The shapes of the inputs, in the order of the signature.
  public var inputs: [Shape]
  /// The shapes of the trainable tensors by name.
  public var parameters: [String: Shape]
  /// The shapes of the state by name.
  public var buffers: [String: Shape]
  /// The shapes of masks and class weights by name.
  public var auxiliary: [String: Shape]
  /// Whether the layer is training.
  public var isTraining: Bool

  /// Gathers the shapes of the operands of one application of a layer.
  public init(
    inputs: [Shape], parameters: [String: Shape] = [:], buffers: [String: Shape] = [:],
    auxiliary: [String: Shape] = [:], isTraining: Bool = false
  ) {
    self.inputs = inputs
    self.parameters = parameters
    self.buffers = buffers
    self.auxiliary = auxiliary
    self.isTraining = isTraining
  }
}

/// What a forward pass gives.
public struct Results<S: Sendable>: Sendable {
  /// The outputs in order.
  public var outputs: [Tensor<S>]
  /// The state after the forward pass, by name; what did not change may be absent.
  public var buffers: [String: Tensor<S>]

  /// Gathers results.
  @inlinable
  public init(_ outputs: [Tensor<S>], buffers: [String: Tensor<S>] = [:]) {
    self.outputs = outputs
    self.buffers = buffers
  }

  /// The results of a layer with one output.
  @inlinable
  public init(_ output: Tensor<S>) { self.init([output]) }
}

/// What a backward pass gives.
public struct Gradients<S: Sendable>: Sendable {
  /// ∂L/∂input for each input; nil where none was wanted or none exists.
  public var inputs: [Tensor<S>?]
  /// ∂L/∂parameter by name, from this application alone.
  public var parameters: [String: Tensor<S>]

  /// Gathers gradients.
  @inlinable
  public init(inputs: [Tensor<S>?], parameters: [String: Tensor<S>] = [:]) {
    self.inputs = inputs
    self.parameters = parameters
  }

  /// The gradient of a layer with one input and no parameters.
  @inlinable
  public init(input: Tensor<S>) { self.init(inputs: [input]) }
}

/// Which gradients a caller needs.
public struct GradientRequest: Hashable, Sendable {
  /// The inputs whose gradients are needed, by position.
  public var inputs: Set<Int>
  /// The parameters whose gradients are needed.
  public var parameters: Set<String>

  /// Asks for the gradients of some inputs and parameters.
  public init(inputs: Set<Int>, parameters: Set<String>) {
    self.inputs = inputs
    self.parameters = parameters
  }
}

/// One tensor that a layer computes.
public enum ResultTensor: Hashable, Sendable {
  case output(Int)
  case inputGradient(Int)
  case parameterGradient(String)
  case buffer(String)
}
