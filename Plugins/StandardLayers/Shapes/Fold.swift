// Source: torch.nn.Fold (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The layer that adds columns back to the cells of a sliding window (col2im).
///
///     y[n, c, h, w] = Σ x[n, (c·P + p)·Q + q, i·W′ + j] over the places where window i, j covers
///                     the cell: h = i·s + p·d − a, w = j·s + q·d − a
///     dx = dy at the place's cell, 0 in the padding: Unfold
///
/// - Shapes: x [N, C·P·Q, H′·W′] → y [N, C, H, W] of `output_size`,
///   H′ = ⌊(H + 2a − d(P − 1) − 1)/s⌋ + 1
/// - Kinks: none.
public struct Fold: Layer {
  public static let signature = Signature(kind: "Fold", traits: .independentSamples)

  // MARK: Hyper-parameters

  /// The extents of the image, H × W.
  public let extents: [Int]
  private let blocks: SlidingBlocks

  public init(_ hyperparameters: inout HyperparameterReader) {
    extents = hyperparameters.integers("output_size", count: 2, in: .cells(from: 1))
    blocks = SlidingBlocks(&hyperparameters)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let columns = operands.inputs[0]
    let axes = try blocks.axes(extents)
    let windows = axes[0].output * axes[1].output
    guard columns.rank == 3, columns[1] > 0, columns[1] % blocks.area == 0, columns[2] == windows
    else {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "(N, C·\(blocks.area), \(windows))", found: columns)
    }
    return [image(columns)]
  }

  private func image(_ columns: Shape) -> Shape {
    [columns[0], columns[1] / blocks.area, extents[0], extents[1]]
  }

  private var axes: [WindowAxis] { established { try blocks.axes(extents) } }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    return Results(blocks.folded(x, to: image(x.shape), axes))
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(input: blocks.unfolded(upstream[0], axes))
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard case .output = question.tensor else { return .exact }
    return blocks.bound(axes, magnitude: magnitude(question), question.rounding)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample(
        "overlapping blocks", ["output_size": [4, 3], "kernel_size": 2], inputs: [[2, 12, 6]]),
      LayerExample(
        "every setting, with remainders",
        [
          "output_size": [6, 5], "kernel_size": [3, 2], "dilation": [1, 2], "padding": [2, 1],
          "stride": [2, 3],
        ], inputs: [[2, 12, 8]]),
      LayerExample(
        "blocks side by side", ["output_size": [4, 6], "kernel_size": [2, 3], "stride": [2, 3]],
        inputs: [[1, 12, 4]]),
      LayerExample("no sample", ["output_size": 3, "kernel_size": 2], inputs: [[0, 8, 4]]),
      LayerExample(
        "no extents", ["kernel_size": 2], inputs: [[1, 8, 4]],
        refused: .missingHyperparameter("output_size")),
      LayerExample(
        "columns that do not divide", ["output_size": 3, "kernel_size": 2], inputs: [[1, 7, 4]],
        refused: .wrongShape(tensor: "input", expected: "(N, C·4, 4)", found: [1, 7, 4])),
      LayerExample(
        "another number of windows", ["output_size": 3, "kernel_size": 2], inputs: [[1, 8, 5]],
        refused: .wrongShape(tensor: "input", expected: "(N, C·4, 4)", found: [1, 8, 5])),
      LayerExample(
        "a window that does not fit", ["output_size": 3, "kernel_size": 4], inputs: [[1, 16, 1]],
        refused: .emptyOutput(axis: "height", extent: 3, padding: 0, effectiveKernel: 4)),
    ]
  }
}
