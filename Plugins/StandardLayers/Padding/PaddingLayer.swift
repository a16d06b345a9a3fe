// The mechanism of all padding kinds. A kind states what stands around the image.

public import Kernels
public import LayerKit
public import Tensors

/// A layer that extends images at the ends of their spatial axes, or cuts them.
///
///     y[n,c,i,j,…] = x[n, c, row(i), column(j), …], or a constant
///     dx[n,c,h,w,…] = Σ dy[n,c,i,j,…] over all i, j, … with row(i) = h, column(j) = w, …
///
/// - Shapes: x [N, C, L], [N, C, H, W] or [N, C, D, H, W] → y with each spatial extent longer by
///   the two numbers of its axis. With a constant, any number of axes may stand for C.
/// - Kinks: none. Linear in x, but for the constant.
public protocol PaddingLayer: Layer {
  /// The registered name of the kind.
  static var kind: String { get }

  /// What stands around the image, and how far.
  var padding: ImagePadding { get }
}

extension PaddingLayer {
  public static var signature: Signature {
    Signature(kind: kind, traits: .independentSamples)
  }

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try padding.output(operands)]
  }

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let y = padding.geometry(x.shape).extended(
      x.reshaped(to: padding.images(x.shape)), constant: operands.constant(padding.constant))
    return Results(y.reshaped(to: established { try padding.output(operands.shapes) }))
  }

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let shape = operands.inputs[0].shape
    let dx = padding.geometry(shape).gradient(
      upstream[0].elements, shape: padding.images(shape))
    return Gradients(input: dx.reshaped(to: shape))
  }

  /// Copies are exact; a cell that was copied k times takes k − 1 additions in dx.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard case .inputGradient = question.tensor else { return .exact }
    let copies = padding.geometry(question.operands.inputs[0].shape).copies
    return .sum(ofCopies: copies, magnitude: magnitude(question), question.rounding)
  }
}

extension ErrorBound {
  /// The bound of sums of at most `copies` upstream values: γ(copies − 1)·Σ|dy|.
  ///
  /// A reference of 16 bits rounds each of the partial sums to its own format.
  static func sum(
    ofCopies copies: Int, magnitude: @autoclosure () -> Tensor<Double>, _ rounding: Rounding
  ) -> ErrorBound {
    guard copies > 1 else { return .exact }
    let factor = rounding.gamma(copies - 1)
    return .elementwise(magnitude().mapInParallel { $0 == 0 ? 0 : factor * $0 })
  }
}
