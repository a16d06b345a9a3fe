// The mechanism of all layers that give the same elements another shape.

public import Kernels
public import LayerKit
public import Tensors

/// A layer whose output has the input's elements, in the same order, under another shape.
///
///     y = x reshaped          dx = dy reshaped back
///
/// Nothing is computed and nothing is copied.
public protocol ReshapingLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }

  /// The shape of the output; throws `LayerProblem`.
  func shape(of input: Shape) throws -> Shape
}

extension ReshapingLayer {
  public static var signature: Signature { Signature(kind: kind) }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try shape(of: operands.inputs[0])]
  }

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    guard let shape = try? shape(of: x.shape) else {
      preconditionFailure("\(Self.kind) was given \(x.shape), which its shape rule refuses")
    }
    return Results(x.reshaped(to: shape))
  }

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(input: upstream[0].reshaped(to: operands.inputs[0].shape))
  }

  public func bound(_ question: BoundQuestion) -> ErrorBound { .exact }
}
