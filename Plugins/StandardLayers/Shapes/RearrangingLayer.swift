// The mechanism of all layers that put the same elements into another order of axes.

public import Kernels
public import LayerKit
public import Tensors

/// An order of axes, after some were split and before some are joined.
///
/// The elements of x, seen under the shape `split`, have their axis `order[k]` become axis k;
/// the result is seen under the shape `joined`.
public struct Rearrangement: Hashable, Sendable {
  let split: Shape
  let order: [Int]
  let joined: Shape

  /// x rearranged.
  func applied<S: Sendable>(_ x: Tensor<S>) -> Tensor<S> {
    x.reshaped(to: split).permuted(order).reshaped(to: joined)
  }

  /// dx from dy: the inverse.
  func reverted<S: Sendable>(_ dy: Tensor<S>, to shape: Shape) -> Tensor<S> {
    let inverse = order.indices.sorted { order[$0] < order[$1] }
    return dy.reshaped(to: Shape(order.map { split[$0] })).permuted(inverse).reshaped(to: shape)
  }
}

/// A layer whose output has the input's elements in another order.
///
///     y = x rearranged          dx = dy rearranged back
public protocol RearrangingLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }

  /// What becomes of an input of a shape; throws `LayerProblem`.
  func rearrangement(of input: Shape) throws -> Rearrangement
}

extension RearrangingLayer {
  public static var signature: Signature { Signature(kind: kind) }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try rearrangement(of: operands.inputs[0]).joined]
  }

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    return Results(established { try rearrangement(of: x.shape) }.applied(x))
  }

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let shape = operands.inputs[0].shape
    let plan = established { try rearrangement(of: shape) }
    return Gradients(input: plan.reverted(upstream[0], to: shape))
  }

  public func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}
