public import Kernels
public import LayerKit
public import Tensors

/// A loss that compares prediction and target element by element.
///
/// A kind states the loss of one element and its two slopes; the passes over the tensors, the
/// reduction and its gradient are the same for all.
public protocol ElementwiseLoss: Layer {
  /// What becomes of the losses of the elements.
  var reduction: LossReduction { get }

  /// The loss of one element, generic over the scalar.
  func value<S: Scalar>(_ element: LossElement<S>) -> S

  /// ∂value/∂input and ∂value/∂target.
  func slopes<S: KernelScalar>(_ element: LossElement<S>) -> (input: S, target: S)
}

/// A prediction, its target, and their weights where there are any.
public struct LossElement<S: Sendable>: Sendable {
  /// The prediction.
  public let input: S
  /// The target.
  public let target: S
  /// What the loss is multiplied by.
  public let weight: S?
  /// What the part of the loss that belongs to a target of 1 is multiplied by.
  public let positiveWeight: S?
}

extension ElementwiseLoss {
  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let elements = LossElements(operands)
    let values = (0..<elements.shape.count).map { value(elements[$0]) }
    return Results(
      reduction.value(
        Tensor(elements.shape, values), denominator: S(Double(elements.shape.count))))
  }

  /// dx = s·∂value/∂input, dt = s·∂value/∂target, s = upstream, divided by the count in a mean.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let elements = LossElements(operands)
    let denominator = S(elements.shape.count)
    let zero = operands.inputs.map { Tensor($0.shape, repeating: S(0)) }
    var dx = wanted.inputs.contains(0) ? zero[0] : nil
    var dt = wanted.inputs.contains(1) ? zero[1] : nil
    for index in 0..<elements.shape.count {
      let s = reduction.upstream(upstream[0], at: index, denominator: denominator)
      let slopes = slopes(elements[index])
      // Sums, because an element that was stretched over several places has all their gradients.
      dx?[elements.offset(ofInput: 0, at: index)] += s * slopes.input
      dt?[elements.offset(ofInput: 1, at: index)] += s * slopes.target
    }
    return Gradients(inputs: [dx, dt])
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
  private let tensors: [Tensor<S>]
  private let broadcasting: Broadcasting
  private let weight: Int?
  private let positiveWeight: Int?

  init(_ operands: Operands<S>) {
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
      weight: weight.map { value($0, at: index) },
      positiveWeight: positiveWeight.map { value($0, at: index) })
  }
}
