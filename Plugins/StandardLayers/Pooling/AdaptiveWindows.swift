import Kernels
import LayerKit
public import Tensors

/// The windows of an adaptive pool: how many there are on each axis.
public struct AdaptiveWindows: Sendable {
  /// Windows per axis, required; −1 stands for as many as there are cells.
  private let outputSize: [Int]

  private static let keep = -1

  /// Reads the hyper-parameter of windows on so many axes.
  init(_ hyperparameters: inout HyperparameterReader, axes: Int) {
    outputSize =
      hyperparameters.value("output_size")?.isNone == true
      ? [Int](repeating: Self.keep, count: axes)
      : hyperparameters.integers("output_size", count: axes, in: .cells(from: Self.keep))
  }

  /// The windows over an image.
  func grid(over image: Shape) -> PoolGrid {
    let axes = zip(image.extents.dropFirst(2), outputSize).map { extent, size in
      PoolAxis.adaptive(AdaptiveAxis(extent: extent, output: size == Self.keep ? extent : size))
    }
    return PoolGrid(image: image, axes: axes)
  }
}

/// A pool of a given number of windows, which cover the image and overlap where they must.
///
/// - Shapes: the extent H of an axis becomes H′, its number of `output_size`; −1 keeps it. Window
///   i holds the cells ⌊iH/H′⌋ ..< ⌈(i+1)H/H′⌉.
public protocol AdaptivePoolLayer: PoolLayer {
  /// How many windows there are.
  var windows: AdaptiveWindows { get }
}

extension AdaptivePoolLayer {
  public func grid(over image: Shape) throws -> PoolGrid { windows.grid(over: image) }

  /// What every kind is checked with.
  static var windowExamples: [LayerExample] {
    var examples = [
      LayerExample("the whole image", ["output_size": 1], inputs: [image(2, 3, 3, 4, 5)]),
      LayerExample(
        "windows of several sizes, overlapping", ["output_size": numbers(2, 3, 3)],
        inputs: [image(2, 2, 3, 5, 7)]),
      LayerExample(
        "more windows than cells", ["output_size": numbers(3, 5, 4)],
        inputs: [image(1, 2, 2, 3, 3)]),
      LayerExample("every axis kept", ["output_size": "none"], inputs: [image(2, 1, 2, 2, 3)]),
      LayerExample(
        "no window", ["output_size": numbers(2, 1, 0)], inputs: [image(1, 2, 3, 3, 3)]),
      LayerExample("no sample", ["output_size": 2], inputs: [image(0, 2, 3, 3, 3)]),
      LayerExample(
        "no output size", inputs: [image(1, 2, 3, 3, 3)],
        refused: .missingHyperparameter("output_size")),
      LayerExample(
        "too many numbers", ["output_size": [1, 2, 3, 4]], inputs: [image(1, 2, 3, 3, 3)],
        refused: .wrongType(
          hyperparameter: "output_size",
          expected: axes == 1 ? "one whole number" : "1 or \(axes) whole numbers",
          found: [1, 2, 3, 4])),
      LayerExample(
        "below −1", ["output_size": -2], inputs: [image(1, 2, 3, 3, 3)],
        refused: .outOfRange(
          hyperparameter: "output_size", allowed: "-1 to 1048576", found: -2)),
      missingAxisExample(["output_size": 1]),
    ]
    if axes == 3 {
      let found = Shape([1, 8, 1, 1, 1])
      examples.append(
        LayerExample(
          "more windows than can be counted", ["output_size": 1_048_576], inputs: [found],
          refused: .other(
            "asks for an output of the extents [1, 8, 1048576, 1048576, 1048576], more than 2^34"
              + " elements")))
    }
    if axes > 1 {
      examples.append(
        LayerExample(
          "one axis kept", ["output_size": numbers(2, -1, 3)], inputs: [image(2, 1, 3, 4, 5)]))
    }
    return examples
  }
}
