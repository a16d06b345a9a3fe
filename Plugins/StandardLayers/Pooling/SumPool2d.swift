// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: the hyper-parameters of torch.nn.AvgPool2d (2.13) without its divisors. `padding` may
// also have four numbers, top left bottom right.

public import Kernels
public import LayerKit
public import Tensors

/// The sum of each window.
///
///     y[n,c,i,j] = Σ_{p,q} x[n, c, i·s + p − top, j·s + q − left]
///
/// Padding counts as 0.
/// - Shapes: x [N, C, H, W] → y [N, C, H′, W′], H′ = ⌊(H + top + bottom − P)/s⌋ + 1, with
///   `ceil_mode` rounded up, except for a window that would start beyond the image
/// - Kinks: none. Linear in x.
public struct SumPool2d: Layer {
  // MARK: Kind

  public static let signature = Signature(kind: "SumPool2d")

  // MARK: Hyper-parameters

  private let window: PoolWindow

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = PoolWindow(&hyperparameters, dilates: false)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try window.output(operands)]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(
      window.mapWindows(operands.inputs[0]) { cells, _, _ in
        cells.reduce(S.zero) { $0 + $1 }
      })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let shape = established { try window.output(operands.shapes) }
    guard let geometry = window.geometry(x.shape) else { return Results(Tensor(shape, [])) }
    return Results(Tensor(shape, Pooling.sumForward(x.elements, geometry)))
  }

  // MARK: Backward

  /// dx[cell] = Σ dy[window] over the windows that contain the cell.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let x = operands.inputs[0]
    guard let geometry = window.geometry(x.shape) else { return Gradients(input: x) }
    return Gradients(
      input: Tensor(x.shape, Pooling.sumBackward(upstream[0].elements, geometry)))
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let terms =
      switch question.tensor {
      case .inputGradient: window.overlap(question.operands.inputs[0].shape)
      default: window.kernel[0] * window.kernel[1]
      }
    guard terms > 1 else { return .exact }
    return .sum(terms: terms, magnitude: magnitude(question), products: false)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("windows side by side", ["kernel_size": 2], inputs: [[2, 2, 4, 6]]),
      LayerExample(
        "overlapping, rectangular, with remainders",
        ["kernel_size": [3, 2], "stride": [2, 1], "padding": [1, 0]], inputs: [[2, 3, 6, 4]]),
      LayerExample(
        "a window that hangs over",
        ["kernel_size": 3, "stride": [2, 3], "padding": [0, 1, 1, 0], "ceil_mode": true],
        inputs: [[1, 2, 6, 7]]),
      LayerExample("no sample", ["kernel_size": 2], inputs: [[0, 2, 4, 4]]),
    ] + PoolWindow.refusedExamples + [
      LayerExample(
        "a divisor", ["kernel_size": 2, "divisor_override": 3], inputs: [[1, 1, 4, 4]],
        refused: .unknownHyperparameter("divisor_override", closest: nil))
    ]
  }
}
