import Kernels
import LayerKit
public import Tensors

/// The sliding window of a pool: its hyper-parameters.
public struct PoolWindow: Sendable {
  /// What the window of a kind can have besides a size, a stride and `ceil_mode`.
  enum Option {
    case padding
    case dilation
  }

  /// Cells of the window, per axis.
  let kernel: [Int]
  /// Cells between two windows, per axis; by default the window's own size.
  private let stride: [Int]
  /// Cells around the image, less than a window; default 0.
  private let padding: WindowPadding
  /// Cells between two cells of the window, per axis; default 1.
  private let dilation: [Int]
  /// Whether a last window that hangs over the end counts; default false.
  private(set) var ceilMode: Bool

  /// Reads the hyper-parameters of a window on so many axes.
  init(_ hyperparameters: inout HyperparameterReader, axes: Int, options: Set<Option>) {
    let kernel = hyperparameters.integers("kernel_size", count: axes, in: .cells(from: 1))
    self.kernel = kernel
    // `None` stands for the default, and so does an empty list in `torch.nn`.
    let stated = hyperparameters.value("stride")
    let hasDefaultStride = stated?.isNone ?? true || stated == .list([])
    stride =
      hasDefaultStride
      ? kernel : hyperparameters.integers("stride", count: axes, in: .cells(from: 1))
    let zeros = [Int](repeating: 0, count: axes)
    let ones = [Int](repeating: 1, count: axes)
    padding =
      options.contains(.padding)
      ? hyperparameters.padding(stride: stride) : .cells(begin: zeros, end: zeros)
    dilation =
      options.contains(.dilation)
      ? hyperparameters.integers("dilation", count: axes, default: ones, in: .cells(from: 1))
      : ones
    ceilMode = hyperparameters.boolean("ceil_mode", default: false)
  }

  /// The same window with the other `ceil_mode`.
  var withOtherCeilMode: PoolWindow {
    var other = self
    other.ceilMode.toggle()
    return other
  }

  /// K, the number of cells of a whole window.
  var cells: Int { kernel.reduce(1, *) }

  /// The windows over an image; throws if one does not fit.
  func grid(over image: Shape) throws(LayerProblem) -> PoolGrid {
    var axes: [PoolAxis] = []
    for (axis, name) in WindowAxis.names(kernel.count).enumerated() {
      let effectiveKernel = dilation[axis] * (kernel[axis] - 1) + 1
      let ends = padding.ends(axis: axis, effectiveKernel: effectiveKernel)
      // With more, a window could lie in the padding alone.
      guard max(ends.begin, ends.end) < effectiveKernel else {
        throw .outOfRange(
          hyperparameter: "padding",
          allowed: "less than the effective kernel \(effectiveKernel) along \(name)",
          found: padding.stated)
      }
      let fitted = try WindowAxis.fitting(
        name, extent: image[2 + axis], kernel: kernel[axis], stride: stride[axis],
        padding: ends, dilation: dilation[axis], ceilMode: ceilMode)
      axes.append(.sliding(fitted))
    }
    return PoolGrid(image: image, axes: axes)
  }
}

/// A pool whose windows are of one size at equal distances.
///
/// - Shapes: the extent H of an axis becomes H′ = ⌊(H + begin + end − d(K−1) − 1)/s⌋ + 1, with
///   `ceil_mode` rounded up, except for a window that would start beyond the image.
public protocol SlidingPoolLayer: PoolLayer {
  /// The window; `padding` may be of 2·d numbers, the begin of each axis and then the end of each.
  var window: PoolWindow { get }
}

extension SlidingPoolLayer {
  public func grid(over image: Shape) throws -> PoolGrid { try window.grid(over: image) }

  /// What every kind refuses about its window.
  static func refusedWindows(
    _ others: [String: HyperparameterValue] = [:]
  ) -> [LayerExample] {
    let window = others.merging(["kernel_size": 2]) { $1 }
    let name = WindowAxis.names(axes)[axes - 1]
    return [
      LayerExample(
        "no kernel size", others, inputs: [image(1, 1, 4, 4, 4)],
        refused: .missingHyperparameter("kernel_size")),
      LayerExample(
        "no window fits", others.merging(["kernel_size": numbers(2, 3, 5)]) { $1 },
        inputs: [image(1, 1, 4, 5, 4)],
        refused: .emptyOutput(axis: name, extent: 4, padding: 0, effectiveKernel: 5)),
      LayerExample(
        "stride 0", window.merging(["stride": 0]) { $1 }, inputs: [image(1, 1, 4, 4, 4)],
        refused: .outOfRange(hyperparameter: "stride", allowed: "1 to 1048576", found: 0)),
      missingAxisExample(window),
    ]
  }

  /// What every kind with a padding refuses about it.
  static var refusedPaddings: [LayerExample] {
    let x = image(1, 1, 4, 4, 5)
    let tooMuch = ends(begin: (0, 0, 0), end: (0, 0, 3))
    let name = WindowAxis.names(axes)[axes - 1]
    return [
      LayerExample(
        "as much padding as the window is long", ["kernel_size": 3, "padding": tooMuch],
        inputs: [x],
        refused: .outOfRange(
          hyperparameter: "padding", allowed: "less than the effective kernel 3 along \(name)",
          found: tooMuch)),
      LayerExample(
        "an unknown word for the padding", ["kernel_size": 3, "padding": "full"], inputs: [x],
        refused: .outOfRange(
          hyperparameter: "padding", allowed: "numbers, \"same\" or \"valid\"", found: "full")),
      LayerExample(
        "the same extent with the default stride", ["kernel_size": 3, "padding": "same"],
        inputs: [x],
        refused: .outOfRange(
          hyperparameter: "stride", allowed: "1 together with the padding \"same\"",
          found: numbers(3, 3, 3))),
    ]
  }
}
