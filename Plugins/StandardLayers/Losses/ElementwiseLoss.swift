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
      dx?[elements.input.offset(index)] += s * slopes.input
      dt?[elements.target.offset(index)] += s * slopes.target
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
  /// Where the elements stand in the prediction.
  let input: StretchedOffsets
  /// Where the elements stand in the target.
  let target: StretchedOffsets
  private let inputs: [Tensor<S>]
  private let weight: (tensor: Tensor<S>, offsets: StretchedOffsets)?
  private let positiveWeight: (tensor: Tensor<S>, offsets: StretchedOffsets)?

  init(_ operands: Operands<S>) {
    inputs = operands.inputs
    let shape =
      Shape.broadcast(operands.inputs.map(\.shape)) ?? operands.inputs[0].shape
    self.shape = shape
    input = StretchedOffsets(inputs[0].shape, to: shape)
    target = StretchedOffsets(inputs[1].shape, to: shape)
    func stretched(_ name: String) -> (Tensor<S>, StretchedOffsets)? {
      operands.auxiliary[name].map { ($0, StretchedOffsets($0.shape, to: shape)) }
    }
    weight = stretched("weight")
    positiveWeight = stretched("pos_weight")
  }

  subscript(_ index: Int) -> LossElement<S> {
    LossElement(
      input: inputs[0][input.offset(index)], target: inputs[1][target.offset(index)],
      weight: weight.map { $0.tensor[$0.offsets.offset(index)] },
      positiveWeight: positiveWeight.map { $0.tensor[$0.offsets.offset(index)] })
  }
}

/// For each element of a larger shape, the element of a stretched tensor that stands there.
struct StretchedOffsets: Sendable {
  private let offsets: [Int]?

  /// The offsets for a shape that stretches to a larger one.
  init(_ shape: Shape, to target: Shape) {
    guard shape != target else {
      offsets = nil
      return
    }
    let steps = shape.broadcastStrides(to: target)
    offsets = (0..<target.count).map { index in
      zip(target.index(at: index), steps).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The offset for one element of the larger shape.
  func offset(_ index: Int) -> Int { offsets?[index] ?? index }
}
