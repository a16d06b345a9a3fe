// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.MaxPool2d (2.13). One output; `padding` may also have four numbers, top left
// bottom right.

public import Kernels
public import LayerKit
public import Tensors

/// The largest cell of each window.
///
///     y[n,c,i,j] = max over p, q of x[n, c, i·s + p·d − top, j·s + q·d − left]
///
/// Padding is never the largest: it counts as −∞. NaN is larger than everything. A window whose
/// cells all lie in the padding, which a dilation makes possible, is −∞ and passes no gradient on.
/// - Shapes: x [N, C, H, W] → y [N, C, H′, W′], H′ = ⌊(H + top + bottom − d(P−1) − 1)/s⌋ + 1, with
///   `ceil_mode` rounded up, except for a window that would start beyond the image
/// - Kinks: of several equal largest cells the first in row-major order has the derivative 1.
public struct MaxPool2d: Layer {
  // MARK: Kind

  public static let signature = Signature(kind: "MaxPool2d")

  // MARK: Hyper-parameters

  private let window: PoolWindow

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = PoolWindow(&hyperparameters, dilates: true)
    hyperparameters.ignore("return_indices")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try window.output(operands)]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(
      window.mapWindows(operands.inputs[0]) { cells, _, _ in
        cells.reduce(S(-.infinity)) { S.maximum($0, $1) }
      })
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let shape = established { try window.output(operands.shapes) }
    guard let geometry = window.geometry(x.shape) else { return Results(Tensor(shape, [])) }
    return Results(Tensor(shape, Pooling.maxForward(x.elements, geometry)))
  }

  // MARK: Backward

  /// dx[cell] = Σ dy[window] over the windows whose first largest cell it is.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let x = operands.inputs[0]
    guard let geometry = window.geometry(x.shape) else { return Gradients(input: x) }
    let dx = Pooling.maxBackward(x.elements, upstream[0].elements, geometry)
    return Gradients(input: Tensor(x.shape, dx))
  }

  // MARK: Bound, kinks

  /// Nothing is computed with, so nothing is rounded, but where windows overlap their upstream
  /// gradients are added.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let overlap = window.overlap(question.operands.inputs[0].shape)
    guard case .inputGradient = question.tensor, overlap > 1 else { return .exact }
    // The choice is that of the values themselves; only the gradients lose their signs.
    let gradients = backward(
      question.operands, upstream: question.upstream.map { $0.map(\.magnitude) },
      wanted: GradientRequest(inputs: [0], parameters: []))
    return .sum(
      terms: overlap, magnitude: gradients.inputs[0] ?? question.computed, products: false)
  }

  public var kinks: [Kink] { [.firstOfTies] }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("windows side by side", ["kernel_size": 2], inputs: [[2, 2, 4, 6]]),
      LayerExample(
        "overlapping, rectangular, with remainders",
        ["kernel_size": [3, 2], "stride": [2, 1], "padding": [1, 0], "return_indices": true],
        inputs: [[2, 3, 7, 4]]),
      LayerExample(
        "dilated", ["kernel_size": [2, 3], "stride": 1, "dilation": [3, 2], "padding": [2, 1]],
        inputs: [[1, 2, 6, 7]]),
      LayerExample(
        "a window that hangs over",
        ["kernel_size": 3, "stride": [2, 3], "ceil_mode": true, "padding": [0, 1]],
        inputs: [[2, 1, 6, 7]]),
      LayerExample(
        "a window larger than the image",
        ["kernel_size": 3, "stride": 2, "ceil_mode": true], inputs: [[1, 1, 2, 4]]),
      LayerExample(
        "a padding of its own at each end",
        ["kernel_size": 4, "stride": 2, "padding": [0, 2, 1, 0]], inputs: [[2, 2, 5, 6]]),
      LayerExample(
        "the default stride, said", ["kernel_size": [2, 3], "stride": "none"],
        inputs: [[1, 2, 5, 7]]),
      LayerExample("no sample", ["kernel_size": 2], inputs: [[0, 2, 4, 4]]),
    ] + PoolWindow.refusedExamples + [
      LayerExample(
        "a misspelt name", ["kernel_size": 2, "dilations": 2], inputs: [[1, 1, 4, 4]],
        refused: .unknownHyperparameter("dilations", closest: "dilation"))
    ]
  }
}
