import Kernels
import LayerKit
import Tensors

/// The sliding window of a pool over images: its hyper-parameters and its two axes.
struct PoolWindow: Sendable {
  /// Cells of the window, per axis.
  let kernel: [Int]
  /// Cells between two windows, per axis; by default the window's own size.
  let stride: [Int]
  /// Cells around the image, less than a window; default 0.
  let padding: WindowPadding
  /// Cells between two cells of the window, per axis; default 1.
  let dilation: [Int]
  /// Whether a last window that hangs over the end counts; default false.
  let ceilMode: Bool

  /// Reads the hyper-parameters; `dilates` tells whether the kind has a dilation.
  init(_ hyperparameters: inout HyperparameterReader, dilates: Bool) {
    let kernel = hyperparameters.integers("kernel_size", count: 2, in: .cells(from: 1))
    self.kernel = kernel
    // `None` stands for the default, and so does an empty list in `torch.nn`.
    let stated = hyperparameters.value("stride")
    let hasDefaultStride = stated?.isNone ?? true || stated == .list([])
    stride =
      hasDefaultStride
      ? kernel : hyperparameters.integers("stride", count: 2, in: .cells(from: 1))
    padding = hyperparameters.padding(stride: stride)
    dilation =
      dilates
      ? hyperparameters.integers("dilation", count: 2, default: [1, 1], in: .cells(from: 1))
      : [1, 1]
    ceilMode = hyperparameters.boolean("ceil_mode", default: false)
  }

  /// The vertical and the horizontal axis over an image; throws if a window does not fit.
  func axes(_ image: Shape) throws(LayerProblem) -> [WindowAxis] {
    var axes: [WindowAxis] = []
    for axis in 0..<2 {
      let effectiveKernel = dilation[axis] * (kernel[axis] - 1) + 1
      let ends = padding.ends(axis: axis, effectiveKernel: effectiveKernel)
      // With more, a window could lie in the padding alone.
      guard max(ends.begin, ends.end) < effectiveKernel else {
        throw .outOfRange(
          hyperparameter: "padding",
          allowed: "less than the effective kernel"
            + " \(effectiveKernel) along \(WindowAxis.names(2)[axis])", found: padding.stated)
      }
      axes.append(
        try WindowAxis.fitting(
          WindowAxis.names(2)[axis], extent: image[2 + axis], kernel: kernel[axis],
          stride: stride[axis], padding: ends, dilation: dilation[axis], ceilMode: ceilMode))
    }
    return axes
  }

  /// The shape of the output for operands of the given shapes.
  func output(_ operands: OperandShapes) throws -> Shape {
    let image = try operands.image(axes: 2)
    let axes = try axes(image)
    return [image[0], image[1], axes[0].output, axes[1].output]
  }

  /// The geometry for the kernels; nil if there is no sample.
  func geometry(_ image: Shape) -> PoolGeometry? {
    guard image[0] > 0 else { return nil }
    let axes = established { try self.axes(image) }
    return PoolGeometry(
      batch: image[0], channels: image[1], height: axes[0], width: axes[1])
  }

  /// The largest number of windows that one cell can lie in.
  func overlap(_ image: Shape) -> Int {
    let axes = established { try self.axes(image) }
    return axes[0].overlap * axes[1].overlap
  }

  /// A tensor of one number for each window, computed from the cells of the window that lie inside
  /// the image, in row-major order.
  ///
  /// `combine` is given the values of these cells and the window's row and column of the output.
  func mapWindows<S: Scalar>(
    _ x: Tensor<S>, _ combine: (_ cells: [S], _ row: Int, _ column: Int) -> S
  ) -> Tensor<S> {
    let axes = established { try self.axes(x.shape) }
    let (height, width) = (axes[0], axes[1])
    let shape = Shape([x.shape[0], x.shape[1], height.output, width.output])
    var y = Tensor(shape, repeating: S.zero)
    var cells: [S] = []
    for n in 0..<shape[0] {
      for c in 0..<shape[1] {
        for i in 0..<shape[2] {
          for j in 0..<shape[3] {
            cells.removeAll(keepingCapacity: true)
            for p in 0..<height.kernel {
              let row = height.cell(window: i, tap: p)
              guard row >= 0, row < height.extent else { continue }
              for q in 0..<width.kernel {
                let column = width.cell(window: j, tap: q)
                if column >= 0, column < width.extent { cells.append(x[n, c, row, column]) }
              }
            }
            y[n, c, i, j] = combine(cells, i, j)
          }
        }
      }
    }
    return y
  }
}

extension PoolWindow {
  /// Configurations that every pool over a sliding window must refuse.
  static var refusedExamples: [LayerExample] {
    let x: Shape = [1, 1, 4, 5]
    return [
      LayerExample(
        "no kernel size", inputs: [x], refused: .missingHyperparameter("kernel_size")),
      LayerExample(
        "three axes", ["kernel_size": 2], inputs: [[4, 4, 4]],
        refused: .wrongShape(tensor: "input", expected: "(N, C, H, W)", found: [4, 4, 4])),
      LayerExample(
        "as much padding as the window is long", ["kernel_size": 3, "padding": [0, 0, 0, 3]],
        inputs: [x],
        refused: .outOfRange(
          hyperparameter: "padding",
          allowed: "less than the effective kernel 3 along width", found: [0, 0, 0, 3])),
      LayerExample(
        "an unknown word for the padding", ["kernel_size": 3, "padding": "full"], inputs: [x],
        refused: .outOfRange(
          hyperparameter: "padding", allowed: "numbers, \"same\" or \"valid\"", found: "full")),
      LayerExample(
        "the same extent with the default stride", ["kernel_size": 3, "padding": "same"],
        inputs: [x],
        refused: .outOfRange(
          hyperparameter: "stride", allowed: "1 together with the padding \"same\"",
          found: [3, 3])),
      LayerExample(
        "no window fits", ["kernel_size": [5, 2]], inputs: [x],
        refused: .emptyOutput(axis: "height", extent: 4, padding: 0, effectiveKernel: 5)),
    ]
  }
}
