// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.AdaptiveAvgPool2d (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// The mean of each of a given number of windows, which cover the image.
///
///     y[n,c,i,j] = mean of x[n, c, ⌊iH/H′⌋ ..< ⌈(i+1)H/H′⌉, ⌊jW/W′⌋ ..< ⌈(j+1)W/W′⌉]
///
/// - Shapes: x [N, C, H, W] → y [N, C, H′, W′], (H′, W′) = `output_size`; −1 keeps the extent
/// - Kinks: none. Linear in x.
public struct AdaptiveAvgPool2d: Layer {
  // MARK: Kind

  public static let signature = Signature(kind: "AdaptiveAvgPool2d")

  // MARK: Hyper-parameters

  /// Windows per axis, required; −1 stands for as many as there are cells.
  private let outputSize: [Int]

  public init(_ hyperparameters: inout HyperparameterReader) {
    let keep = -1
    outputSize =
      hyperparameters.value("output_size")?.isNone == true
      ? [keep, keep]
      : hyperparameters.integers("output_size", count: 2, in: .cells(from: keep))
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [output(try operands.image(axes: 2))]
  }

  private func output(_ x: Shape) -> Shape {
    Shape([x[0], x[1]] + (0..<2).map { outputSize[$0] == -1 ? x[2 + $0] : outputSize[$0] })
  }

  /// Both axes; nil if there is nothing to compute.
  private func axes(_ x: Shape) -> (height: AdaptiveAxis, width: AdaptiveAxis)? {
    let y = output(x)
    guard y.count > 0 else { return nil }
    return (AdaptiveAxis(extent: x[2], output: y[2]), AdaptiveAxis(extent: x[3], output: y[3]))
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    var y = Tensor(output(x.shape), repeating: S.zero)
    guard let (height, width) = axes(x.shape) else { return Results(y) }
    for n in 0..<y.shape[0] {
      for c in 0..<y.shape[1] {
        for i in 0..<height.output {
          for j in 0..<width.output {
            let (rows, columns) = (height.cells(window: i), width.cells(window: j))
            var sum = S.zero
            for h in rows {
              for w in columns { sum += x[n, c, h, w] }
            }
            y[n, c, i, j] = sum / S(Double(rows.count * columns.count))
          }
        }
      }
    }
    return Results(y)
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let shape = output(x.shape)
    guard let (height, width) = axes(x.shape) else { return Results(Tensor(shape, [])) }
    return Results(
      Tensor(
        shape,
        Pooling.adaptiveAverageForward(
          x.elements, planes: shape[0] * shape[1], height: height, width: width)))
  }

  // MARK: Backward

  /// dx[cell] = Σ dy[window] / |window| over the windows that contain the cell.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let shape = operands.inputs[0].shape
    guard let (height, width) = axes(shape) else {
      return Gradients(input: Tensor(shape, repeating: 0))
    }
    return Gradients(
      input: Tensor(
        shape,
        Pooling.adaptiveAverageBackward(
          upstream[0].elements, planes: shape[0] * shape[1], height: height, width: width)))
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard let (height, width) = axes(question.operands.inputs[0].shape) else { return .exact }
    let terms =
      switch question.tensor {
      case .inputGradient: height.overlap * width.overlap + 1
      default: height.longestWindow * width.longestWindow
      }
    return .sum(terms: terms, magnitude: magnitude(question), products: false)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("the whole image", ["output_size": 1], inputs: [[2, 3, 4, 5]]),
      LayerExample(
        "windows of several sizes, overlapping", ["output_size": [3, 2]], inputs: [[2, 2, 5, 7]]),
      LayerExample("more windows than cells", ["output_size": [5, 4]], inputs: [[1, 2, 3, 2]]),
      LayerExample("one axis kept", ["output_size": [-1, 3]], inputs: [[2, 1, 4, 5]]),
      LayerExample("both axes kept", ["output_size": "none"], inputs: [[2, 1, 2, 3]]),
      LayerExample("no window", ["output_size": [0, 3]], inputs: [[1, 2, 3, 3]]),
      LayerExample("no sample", ["output_size": 2], inputs: [[0, 2, 3, 3]]),
      LayerExample(
        "no output size", inputs: [[1, 2, 3, 3]],
        refused: .missingHyperparameter("output_size")),
      LayerExample(
        "three numbers", ["output_size": [1, 2, 3]], inputs: [[1, 2, 3, 3]],
        refused: .wrongType(
          hyperparameter: "output_size", expected: "1 or 2 whole numbers", found: [1, 2, 3])),
      LayerExample(
        "below −1", ["output_size": -2], inputs: [[1, 2, 3, 3]],
        refused: .outOfRange(
          hyperparameter: "output_size", allowed: "-1 to 1048576", found: -2)),
      LayerExample(
        "two axes", ["output_size": 1], inputs: [[3, 3]],
        refused: .wrongShape(tensor: "input", expected: "(N, C, H, W)", found: [3, 3])),
    ]
  }
}

extension AdaptiveAxis {
  /// The largest number of cells in a window.
  fileprivate var longestWindow: Int {
    (0..<output).map { cells(window: $0).count }.max() ?? 0
  }

  /// The largest number of windows that one cell lies in.
  fileprivate var overlap: Int {
    var counts = [Int](repeating: 0, count: extent)
    for window in 0..<output {
      for cell in cells(window: window) { counts[cell] += 1 }
    }
    return counts.max() ?? 0
  }
}
