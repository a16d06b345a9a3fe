public import LayerKit
public import Tensors

/// A loss that compares its inputs element by element.
///
/// A kind states the loss of one element and its slopes; the passes over the tensors, the
/// reduction and its gradient are the same for all. Inputs, and weights, stretch to a common shape.
public protocol ElementwiseLoss: ReducedLoss {
  /// The loss of one element.
  func value<S: Scalar>(_ element: LossElement<S>) -> S

  /// The derivatives of the loss of one element.
  func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S>
}

/// The derivatives of the loss of one element by each input; nil for one without a gradient.
public struct LossSlopes<S: Sendable>: Sendable {
  /// By the first input.
  public let input: S
  /// By the second input.
  public let target: S?
  /// By the third input.
  public let third: S?

  /// Gathers derivatives.
  public init(input: S, target: S? = nil, third: S? = nil) {
    self.input = input
    self.target = target
    self.third = third
  }
}

/// The inputs of a loss at one place, and their weights where there are any.
public struct LossElement<S: Sendable>: Sendable {
  /// The first input: the prediction.
  public let input: S
  /// The second input: the target, for most losses.
  public let target: S
  /// The third input of a loss that has one.
  public let third: S?
  /// What the loss is multiplied by.
  public let weight: S?
  /// What the part of the loss that belongs to a target of 1 is multiplied by.
  public let positiveWeight: S?
}

extension ElementwiseLoss {
  public func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let elements = LossElements(operands)
    return Tensor(elements.shape, (0..<elements.shape.count).map { value(elements[$0]) })
  }

  public func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    elementGradients(operands, upstream: upstream, wanted: wanted)
  }

  /// dxₖ = Σ dvalue·∂value/∂xₖ over the places that an element of xₖ was stretched over.
  func elementGradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    let elements = LossElements(operands)
    var gradients = operands.inputs.enumerated().map { input, x in
      wanted.inputs.contains(input) && Self.signature.hasGradient(ofInput: input, shapes: [])
        ? Tensor(x.shape, repeating: S.zero) : nil
    }
    for index in 0..<elements.shape.count {
      let slopes = slopes(elements[index])
      for (input, slope) in [slopes.input, slopes.target, slopes.third].enumerated() {
        guard let slope, gradients.indices.contains(input) else { continue }
        gradients[input]?[elements.offset(ofInput: input, at: index)] += upstream[index] * slope
      }
    }
    return Gradients(inputs: gradients)
  }

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    try stretchedShape(operands)
  }

  /// The shape that the inputs stretch to; throws for the first that does not fit.
  func stretchedShape(_ operands: OperandShapes) throws -> Shape {
    var shape = operands.inputs[0]
    for (input, other) in operands.inputs.enumerated().dropFirst() {
      guard let common = Shape.broadcast([shape, other]) else {
        throw LayerProblem.wrongShape(
          tensor: Self.signature.inputs[input].name, expected: "\(shape)", found: other)
      }
      shape = common
    }
    return shape
  }

  /// Throws unless the target has the shape of the input, and weights stretch to it.
  func checkedShape(_ operands: OperandShapes) throws -> Shape {
    let (x, target) = (operands.inputs[0], operands.inputs[1])
    guard target == x else {
      throw LayerProblem.wrongShape(tensor: "target", expected: "\(x)", found: target)
    }
    for (name, shape) in operands.auxiliary.sorted(by: { $0.key < $1.key }) {
      guard Shape.broadcast([shape, x]) == x else {
        throw LayerProblem.wrongShape(
          tensor: "auxiliary/\(name)", expected: "a shape that stretches to \(x)", found: shape)
      }
    }
    return x
  }
}

/// The elements that a loss compares, with tensors stretched to a common shape.
struct LossElements<S: Scalar> {
  /// The common shape.
  let shape: Shape
  private let inputs: Int
  private let tensors: [Tensor<S>]
  private let broadcasting: Broadcasting
  private let weight: Int?
  private let positiveWeight: Int?

  init(_ operands: Operands<S>) {
    inputs = operands.inputs.count
    var tensors = operands.inputs
    func place(of tensor: Tensor<S>?) -> Int? {
      guard let tensor else { return nil }
      tensors.append(tensor)
      return tensors.count - 1
    }
    weight = place(of: operands.auxiliary["weight"])
    positiveWeight = place(of: operands.auxiliary["pos_weight"])
    shape = Shape.broadcast(operands.inputs.map(\.shape)) ?? operands.inputs[0].shape
    broadcasting = Broadcasting(tensors.map(\.shape), to: shape)
    self.tensors = tensors
  }

  /// Where element `index` stands in an input.
  func offset(ofInput input: Int, at index: Int) -> Int {
    broadcasting.offset(of: input, at: index)
  }

  private func value(_ tensor: Int, at index: Int) -> S {
    tensors[tensor][broadcasting.offset(of: tensor, at: index)]
  }

  subscript(_ index: Int) -> LossElement<S> {
    LossElement(
      input: value(0, at: index), target: value(1, at: index),
      third: inputs > 2 ? value(2, at: index) : nil,
      weight: weight.map { value($0, at: index) },
      positiveWeight: positiveWeight.map { value($0, at: index) })
  }
}
