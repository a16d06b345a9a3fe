import LayerKit
import Tensors

/// Single elements of a layer's results by its definition.
///
/// An output is an element of the textbook forward. An element of a gradient is the derivative of
/// L = Σₖ ⟨outputₖ, upstreamₖ⟩ in the direction of one operand's element: in dual numbers, exactly;
/// for a layer without a definition in them, by differences of its own forward pass.
struct Definition {
  private let layer: AnyLayer
  private let operands: Operands<Double>
  private let upstream: [Tensor<Double>]
  /// Absent for a layer that exists only as a compiled binary.
  private let dual: (@Sendable (Operands<Dual>) -> Results<Dual>)?

  init(_ layer: AnyLayer, _ operands: Operands<Double>, upstream: [Tensor<Double>]) {
    self.layer = layer
    self.operands = operands
    self.upstream = upstream
    dual = layer.defineDual
  }

  /// Where the values of a tensor come from.
  func basis(of tensor: ResultTensor) -> Arbitration.Basis {
    guard tensor.isGradient else { return .definition }
    return dual == nil ? .differences : .derivative
  }

  /// What the value may be off beside the rounding of both sides, relative to its terms.
  func error(of tensor: ResultTensor) -> Double {
    // Richardson's extrapolation leaves about ε^(4/5) of the terms.
    basis(of: tensor) == .differences ? 1e-11 : 0
  }

  /// One element; nil where the layer has no such tensor or breaks down.
  func value(of tensor: ResultTensor, at offset: Int) -> Double? {
    switch tensor {
    case .output(let index):
      let (part, place) = alone(offset, of: layer.shape(ofOutput: index, operands))
      guard let outputs = try? layer.double.define(part.operands).outputs,
        outputs.indices.contains(index), outputs[index].count > place
      else { return nil }
      return outputs[index][place]
    case .buffer(let name):
      guard let results = try? layer.double.define(operands) else { return nil }
      return (results.buffers[name] ?? operands.buffers[name]).map { $0[offset] }
    case .inputGradient(let index):
      let (part, place) = alone(offset, of: operands.inputs[index].shape)
      return part.derivative(at: place) {
        $0.inputs[index]
      } set: {
        $0.inputs[index] = $1
      }
    case .parameterGradient(let name):
      return derivative(at: offset) {
        $0.parameters[name]
      } set: {
        $0.parameters[name] = $1
      }
    }
  }

  // MARK: One sample

  /// The sample that holds an element, where samples do not depend on each other.
  private func alone(_ offset: Int, of shape: Shape?) -> (part: Definition, place: Int) {
    guard let shape, shape.rank > 0, shape[0] > 1, operands.auxiliary.isEmpty,
      layer.signature.traits.contains(.independentSamples),
      (operands.inputs + upstream).allSatisfy({ $0.shape.rank > 0 && $0.shape[0] == shape[0] })
    else { return (self, offset) }
    let size = shape.count / shape[0]
    let sample = offset / size
    var part = operands
    part.inputs = operands.inputs.map { $0.sample(sample) }
    let definition = Definition(layer, part, upstream: upstream.map { $0.sample(sample) })
    return (definition, offset % size)
  }

  // MARK: Derivatives

  private func derivative(
    at place: Int, of get: (Operands<Double>) -> Tensor<Double>?,
    set: (inout Operands<Double>, Tensor<Double>) -> Void
  ) -> Double? {
    guard let tensor = get(operands), place < tensor.count else { return nil }
    guard let dual else { return difference(tensor, set, place) }
    // The direction travels as a second set of operands whose only element that is not 0 is 1.
    var direction = operands.mapTensors { Tensor($0.shape, repeating: 0.0) }
    var unit = Tensor(tensor.shape, repeating: 0.0)
    unit[place] = 1
    set(&direction, unit)
    let outputs = dual(operands.paired(with: direction)).outputs
    return sum(outputs.map { $0.map(\.derivative) })
  }

  /// Σₖ ⟨derivative of outputₖ, upstreamₖ⟩.
  private func sum(_ derivatives: [Tensor<Double>]) -> Double? {
    guard derivatives.map(\.shape) == upstream.map(\.shape) else { return nil }
    return zip(derivatives, upstream).reduce(0) { sum, pair in
      (0..<pair.0.count).reduce(sum) { $0 + pair.0[$1] * pair.1[$1] }
    }
  }

  /// (4·D(h/2) − D(h)) / 3 of central differences D, with h near ε^(1/5).
  private func difference(
    _ tensor: Tensor<Double>, _ set: (inout Operands<Double>, Tensor<Double>) -> Void,
    _ place: Int
  ) -> Double? {
    func central(_ step: Double) -> Double? {
      var moved = tensor
      func outputs(_ by: Double) -> [Tensor<Double>]? {
        moved[place] = tensor[place] + by
        var operands = operands
        set(&operands, moved)
        return try? layer.double.forward(operands).outputs
      }
      let exact = (tensor[place] + step) - (tensor[place] - step)
      guard let above = outputs(step), let below = outputs(-step),
        above.map(\.shape) == below.map(\.shape)
      else { return nil }
      return sum(zip(above, below).map { $0.zip($1) { ($0 - $1) / exact } })
    }
    let step = 0x1p-10 * max(1, tensor[place].magnitude)
    guard let coarse = central(step), let fine = central(step / 2) else { return nil }
    return (4 * fine - coarse) / 3
  }
}

extension AnyLayer {
  fileprivate func shape(ofOutput index: Int, _ operands: Operands<Double>) -> Shape? {
    guard let shapes = try? outputShapes(operands.shapes), shapes.indices.contains(index) else {
      return nil
    }
    return shapes[index]
  }
}

extension Operands<Double> {
  /// The operands as dual numbers whose derivatives are those of another set.
  fileprivate func paired(with direction: Operands<Double>) -> Operands<Dual> {
    func pair(_ a: [String: Tensor<Double>], _ b: [String: Tensor<Double>]) -> [String: Tensor<
      Dual
    >] {
      Dictionary(
        uniqueKeysWithValues: a.map { name, tensor in
          (name, b[name].map(tensor.paired) ?? tensor.map { Dual($0) })
        })
    }
    return Operands<Dual>(
      inputs: zip(inputs, direction.inputs).map { $0.paired(with: $1) },
      parameters: pair(parameters, direction.parameters), buffers: pair(buffers, direction.buffers),
      auxiliary: auxiliary.mapValues { $0.map { Dual($0) } }, isTraining: isTraining,
      format: format, inputFormat: inputFormat)
  }
}

extension Tensor<Double> {
  fileprivate func paired(with direction: Tensor<Double>) -> Tensor<Dual> {
    zip(direction) { Dual($0, derivative: $1) }
  }
}
