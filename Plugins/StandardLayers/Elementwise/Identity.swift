// Source: torch.nn.Identity (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The layer that changes nothing.
///
///     y = x          dx = dy
///
/// - Shapes: x of any shape → y of the same shape.
/// - Hyper-parameters: `torch.nn.Identity` takes any argument and reads none; here an unknown
///   name is an error, as for every kind.
public struct Identity: SelectingLayer {
  public static let kind = "Identity"

  // MARK: Hyper-parameters

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Definition

  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { x }

  // MARK: Forward

  /// The very same elements, not a copy.
  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.inputs[0])
  }

  // MARK: Backward

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S { dy }

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(input: upstream[0])
  }
}
