package import LayerKit
package import Tensors

/// What a backward pass is held against.
public enum DerivativeSource: String, Hashable, Sendable {
  /// The definition in dual numbers: exact but for rounding.
  case dualNumbers = "dual numbers"
  /// Differences of forward passes, extrapolated: for kinds whose definition is not generic.
  case differences = "finite differences"
}

extension AnyLayer {
  /// The best derivative that the layer offers.
  var derivativeSource: DerivativeSource { defineDual == nil ? .differences : .dualNumbers }
}

/// A layer as a linear map near its operands: the derivatives of all outputs along one direction.
struct Linearization {
  let layer: AnyLayer
  let operands: Operands<Double>
  let source: DerivativeSource
  private let constants: Operands<Dual>

  init(_ layer: AnyLayer, _ operands: Operands<Double>, source: DerivativeSource? = nil) {
    self.layer = layer
    self.operands = operands
    self.source = layer.defineDual == nil ? .differences : source ?? .dualNumbers
    constants = operands.mapTensors { $0.map { Dual($0) } }
  }

  /// The derivatives of the outputs, one after the other, where an operand moves along `v`.
  func tangent(
    of gradient: ResultTensor, along v: Tensor<Double>
  ) throws(LayerFailure) -> Tangent {
    if source == .dualNumbers, let define = layer.defineDual {
      var moved = constants
      moved[operandOf: gradient] = operands[operandOf: gradient].zip(v) { Dual($0, derivative: $1) }
      return Tangent(exact: define(moved).outputs.flatMap { $0.elements.map(\.derivative) })
    }
    return try FiniteDifferences.tangent { (distance) throws(LayerFailure) in
      var moved = operands
      moved[operandOf: gradient] = operands[operandOf: gradient].zip(v) { $0 + distance * $1 }
      return try layer.double.define(moved).outputs.flatMap(\.elements)
    }
  }

  /// The derivative of every output with respect to every element of one operand: a column for
  /// each element.
  func jacobian(of gradient: ResultTensor) throws(LayerFailure) -> [[Double]] {
    if source == .dualNumbers, let definition = try DefinitionJacobian(layer, operands) {
      return definition.columns(of: gradient)
    }
    var columns: [[Double]] = []
    for element in 0..<operands[operandOf: gradient].count {
      columns.append(try column(element, of: gradient))
    }
    return columns
  }

  /// The derivative of every output with respect to one element of an operand.
  func column(_ element: Int, of gradient: ResultTensor) throws(LayerFailure) -> [Double] {
    var v = Tensor(operands[operandOf: gradient].shape, repeating: 0.0)
    v[element] = 1
    return try tangent(of: gradient, along: v).values
  }
}

/// The derivatives of all outputs of a layer along one direction.
struct Tangent {
  /// One derivative for each element of the outputs.
  var values: [Double]
  /// How far each may be off; infinite where there is none, as at a kink.
  var uncertainty: [Double]

  init(values: [Double], uncertainty: [Double]) {
    (self.values, self.uncertainty) = (values, uncertainty)
  }

  init(exact values: [Double]) {
    self.init(values: values, uncertainty: [Double](repeating: 0, count: values.count))
  }
}

extension Operands {
  /// The operand whose gradient is named.
  package subscript(operandOf gradient: ResultTensor) -> Tensor<S> {
    get {
      switch gradient {
      case .inputGradient(let index): return inputs[index]
      case .parameterGradient(let name): return parameter(name)
      case .output, .buffer: preconditionFailure("\(gradient) is no gradient")
      }
    }
    set {
      switch gradient {
      case .inputGradient(let index): inputs[index] = newValue
      case .parameterGradient(let name): parameters[name] = newValue
      case .output, .buffer: preconditionFailure("\(gradient) is no gradient")
      }
    }
  }
}
