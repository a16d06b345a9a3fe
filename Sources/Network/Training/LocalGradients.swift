public import LayerKit
public import Tensors

/// The derivative of one layer at one place, asked in both directions.
///
/// The local gradient of a layer is its Jacobian J, which is never formed: it is multiplied with
/// a change of the operands (J·v), or with an upstream gradient (Jᵀ·u).
public struct LocalGradients: Sendable {
  private let layer: AnyLayer
  private let operands: Operands<Double>

  /// Looks at a layer with these operands.
  public init(_ layer: AnyLayer, at operands: Operands<Double>) {
    self.layer = layer
    self.operands = operands
  }

  /// How the outputs change when one operand changes in a direction: J·v, by dual numbers.
  ///
  /// Nil for a layer that brings no definition.
  public func change(
    of outputs: ChangedOperand, along direction: Tensor<Double>
  ) -> [Tensor<Double>]? {
    guard let define = layer.defineDual else { return nil }
    var dual = operands.mapTensors { $0.map { Dual($0) } }
    func moved(_ tensor: Tensor<Double>) -> Tensor<Dual> {
      tensor.zip(direction) { Dual($0, derivative: $1) }
    }
    switch outputs {
    case .input(let index): dual.inputs[index] = moved(operands.inputs[index])
    case .parameter(let name): dual.parameters[name] = operands.parameters[name].map(moved)
    }
    return define(dual).outputs.map { $0.map(\.derivative) }
  }

  /// The gradients that an upstream gradient sends on to inputs and parameters: Jᵀ·u, by the
  /// hand-written backward pass.
  public func gradients(
    of upstream: [Tensor<Double>]
  ) throws(LayerFailure) -> Gradients<Double> {
    let shapes = operands.inputs.map(\.shape)
    let inputs = operands.inputs.indices.filter {
      layer.signature.hasGradient(ofInput: $0, shapes: shapes)
    }
    return try layer.double.backward(
      operands, upstream,
      GradientRequest(inputs: Set(inputs), parameters: Set(operands.parameters.keys)))
  }

  /// What a direction changes.
  public enum ChangedOperand: Hashable, Sendable {
    /// An input, by its position.
    case input(Int)
    /// A parameter, by its name.
    case parameter(String)
  }
}
