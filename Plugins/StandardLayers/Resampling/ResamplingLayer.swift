// The mechanism of the layers that enlarge or reduce images: one matrix with few entries a row for
// each axis, applied forward, and its transpose backward.

public import Kernels
public import LayerKit
public import Tensors

/// A layer that gives images another size.
///
///     y = (A_D ⊗ A_H ⊗ A_W)·x          dx = (A_D ⊗ A_H ⊗ A_W)ᵀ·dy
///
/// - Shapes: x [N, C, L], [N, C, H, W] or [N, C, D, H, W] → y with other spatial extents.
/// - Kinks: none. Linear in x.
public protocol ResamplingLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }

  /// The size of the result, and how cells are made.
  var resampling: Resampling { get }
}

extension ResamplingLayer {
  public static var signature: Signature {
    Signature(kind: kind, traits: .independentSamples)
  }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try resampling.output(operands)]
  }

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    var y = operands.inputs[0]
    for (axis, resampled) in established({ try resampling.axes(y.shape) }).enumerated() {
      y = resampled.rows(operands.format).applied(to: y, along: 2 + axis)
    }
    return Results(y)
  }

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let shape = operands.inputs[0].shape
    var dx = upstream[0]
    for (axis, resampled) in established({ try resampling.axes(shape) }).enumerated() {
      dx = resampled.rows(operands.format).transposed(appliedTo: dx, along: 2 + axis)
    }
    return Gradients(input: dx)
  }

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    ResamplingBound(question, resampling).bound
  }
}
