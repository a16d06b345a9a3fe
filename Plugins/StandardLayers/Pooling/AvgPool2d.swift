// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.AvgPool2d (2.13). `padding` may also have four numbers, top left bottom right.

public import Kernels
public import LayerKit
public import Tensors

/// The mean of each window.
///
///     y[n,c,i,j] = 1/k · Σ_{p,q} x[n, c, i·s + p − top, j·s + q − left]
///
/// Padding counts as 0. k is the number of cells of the window: those inside the padded image with
/// `count_include_pad`, those inside the image without; or `divisor_override`.
/// - Shapes: x [N, C, H, W] → y [N, C, H′, W′], H′ = ⌊(H + top + bottom − P)/s⌋ + 1, with
///   `ceil_mode` rounded up, except for a window that would start beyond the image
/// - Kinks: none. Linear in x.
public struct AvgPool2d: Layer {
  // MARK: Kind

  public static let signature = Signature(kind: "AvgPool2d")

  // MARK: Hyper-parameters

  private let window: PoolWindow
  /// Whether cells of the padding count in the divisor; default true.
  private let countsPadding: Bool
  /// What every sum is divided by, any whole number but 0; by default the number of cells.
  private let fixedDivisor: Int?

  public init(_ hyperparameters: inout HyperparameterReader) {
    window = PoolWindow(&hyperparameters, dilates: false)
    countsPadding = hyperparameters.boolean("count_include_pad", default: true)
    let limit = 1 << 53
    fixedDivisor = hyperparameters.optionalInteger("divisor_override", in: -limit...limit)
    if fixedDivisor == 0 {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "divisor_override", allowed: "any whole number but 0", found: 0))
    }
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try window.output(operands)]
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let axes = established { try window.axes(x.shape) }
    return Results(
      window.mapWindows(x) { cells, i, j in
        let sum = cells.reduce(S.zero) { $0 + $1 }
        let padded = Self.paddedCells(axes[0], i) * Self.paddedCells(axes[1], j)
        return sum / S(Double(fixedDivisor ?? (countsPadding ? padded : cells.count)))
      })
  }

  /// The cells of a window up to the end of the padding; one that hangs over is cut there.
  private static func paddedCells(_ axis: WindowAxis, _ index: Int) -> Int {
    let first = axis.cell(window: index, tap: 0)
    return min(first + axis.kernel, axis.extent + axis.paddingEnd) - first
  }

  private var divisor: PoolDivisor {
    fixedDivisor.map { .fixed($0) } ?? (countsPadding ? .padded : .valid)
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let shape = established { try window.output(operands.shapes) }
    guard let geometry = window.geometry(x.shape) else { return Results(Tensor(shape, [])) }
    return Results(
      Tensor(shape, Pooling.averageForward(x.elements, geometry, divisor: divisor)))
  }

  // MARK: Backward

  /// dx[cell] = Σ dy[window] / k[window] over the windows that contain the cell.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let x = operands.inputs[0]
    guard let geometry = window.geometry(x.shape) else { return Gradients(input: x) }
    let dx = Pooling.averageBackward(upstream[0].elements, geometry, divisor: divisor)
    return Gradients(input: Tensor(x.shape, dx))
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let terms =
      switch question.tensor {
      case .inputGradient: window.overlap(question.operands.inputs[0].shape) + 1
      default: window.kernel[0] * window.kernel[1]
      }
    // A negative divisor would make the sums of magnitudes negative.
    let magnitude = magnitude(question).map(\.magnitude)
    return .sum(terms: terms, magnitude: magnitude, products: false)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("windows side by side", ["kernel_size": 2], inputs: [[2, 2, 4, 6]]),
      LayerExample(
        "overlapping, rectangular, with remainders",
        ["kernel_size": [3, 2], "stride": [2, 1], "padding": [1, 0]], inputs: [[2, 3, 6, 4]]),
      LayerExample(
        "padding that does not count",
        ["kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": false],
        inputs: [[2, 2, 5, 6]]),
      LayerExample(
        "a window that hangs over",
        ["kernel_size": 3, "stride": [2, 3], "padding": 1, "ceil_mode": true],
        inputs: [[1, 2, 6, 7]]),
      LayerExample(
        "hanging over, padding that does not count",
        [
          "kernel_size": [2, 3], "stride": [3, 2], "padding": [1, 0, 0, 1], "ceil_mode": true,
          "count_include_pad": 0,
        ], inputs: [[2, 1, 6, 6]]),
      LayerExample(
        "a window larger than the image",
        ["kernel_size": 3, "stride": 2, "ceil_mode": true], inputs: [[1, 1, 2, 4]]),
      LayerExample(
        "a divisor of the caller's",
        ["kernel_size": 3, "stride": 1, "padding": 1, "divisor_override": -2],
        inputs: [[2, 1, 4, 3]]),
      LayerExample(
        "a padding of its own at each end",
        ["kernel_size": 4, "stride": 2, "padding": [0, 2, 1, 0]], inputs: [[1, 2, 5, 6]]),
      LayerExample("no sample", ["kernel_size": 2], inputs: [[0, 2, 4, 4]]),
    ] + PoolWindow.refusedExamples + [
      LayerExample(
        "a divisor of 0", ["kernel_size": 2, "divisor_override": 0], inputs: [[1, 1, 4, 4]],
        refused: .outOfRange(
          hyperparameter: "divisor_override", allowed: "any whole number but 0", found: 0)),
      LayerExample(
        "a dilation", ["kernel_size": 2, "dilation": 2], inputs: [[1, 1, 4, 4]],
        refused: .unknownHyperparameter("dilation", closest: nil)),
    ]
  }
}
