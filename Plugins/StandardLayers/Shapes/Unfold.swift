// Source: torch.nn.Unfold (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The layer that lays the blocks of a sliding window out as columns (im2col).
///
///     y[n, (c·P + p)·Q + q, i·W′ + j] = x[n, c, i·s + p·d − a, j·s + q·d − a], 0 in the padding
///     dx = the sum of dy over the places of a cell: Fold
///
/// - Shapes: x [N, C, H, W] → y [N, C·P·Q, H′·W′], H′ = ⌊(H + 2a − d(P − 1) − 1)/s⌋ + 1
/// - Kinks: none.
public struct Unfold: Layer {
  public static let signature = Signature(kind: "Unfold", traits: .independentSamples)

  // MARK: Hyper-parameters

  private let blocks: SlidingBlocks

  public init(_ hyperparameters: inout HyperparameterReader) {
    blocks = SlidingBlocks(&hyperparameters)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let image = try operands.image(axes: 2)
    return [blocks.columns(of: image, try axes(image))]
  }

  private func axes(_ image: Shape) throws -> [WindowAxis] {
    try blocks.axes([image[2], image[3]])
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    return Results(blocks.unfolded(x, established { try axes(x.shape) }))
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let shape = operands.inputs[0].shape
    return Gradients(
      input: blocks.folded(upstream[0], to: shape, established { try axes(shape) }))
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard case .inputGradient = question.tensor else { return .exact }
    let shape = question.operands.inputs[0].shape
    return blocks.bound(
      established { try axes(shape) }, magnitude: magnitude(question), question.rounding)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("overlapping blocks", ["kernel_size": 2], inputs: [[2, 3, 4, 3]]),
      LayerExample(
        "every setting, with remainders",
        ["kernel_size": [3, 2], "dilation": [1, 2], "padding": [2, 1], "stride": [2, 3]],
        inputs: [[2, 2, 6, 5]]),
      LayerExample(
        "blocks side by side", ["kernel_size": [2, 3], "stride": [2, 3]], inputs: [[1, 2, 4, 6]]),
      LayerExample("no sample", ["kernel_size": 2], inputs: [[0, 2, 3, 3]]),
      LayerExample(
        "no window", inputs: [[1, 1, 3, 3]], refused: .missingHyperparameter("kernel_size")),
      LayerExample(
        "a window that does not fit", ["kernel_size": 4, "padding": [1, 0]],
        inputs: [[1, 1, 3, 3]],
        refused: .emptyOutput(axis: "width", extent: 3, padding: 0, effectiveKernel: 4)),
      LayerExample(
        "no batch axis", ["kernel_size": 2], inputs: [[1, 3, 3]],
        refused: .wrongShape(tensor: "input", expected: "(N, C, H, W)", found: [1, 3, 3])),
      LayerExample(
        "four numbers of padding", ["kernel_size": 2, "padding": [1, 1, 1, 1]],
        inputs: [[1, 1, 3, 3]],
        refused: .wrongType(
          hyperparameter: "padding", expected: "1 or 2 whole numbers", found: [1, 1, 1, 1])),
    ]
  }
}
