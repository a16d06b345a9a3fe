// Source: torch.reshape (2.13).

public import LayerKit
public import Tensors

/// The layer that gives its input another shape, in row-major order.
///
///     y = x reshaped          dx = dy reshaped back
///
/// - Shapes: x of any shape → y of `shape`, where −1 stands for what is left over.
/// - Kinks: none.
public struct Reshape: ReshapingLayer {
  public static let kind = "Reshape"

  // MARK: Hyper-parameters

  /// The extents of the whole result, batch included; −1 at most once.
  private let extents: StatedExtents

  public init(_ hyperparameters: inout HyperparameterReader) {
    extents = StatedExtents("shape", &hyperparameters)
  }

  // MARK: Shapes

  public func shape(of input: Shape) throws -> Shape {
    guard let extents = extents.filled(with: input.count) else {
      throw extents.contradiction(tensors: .list(input.extents.map { .integer($0) }))
    }
    return Shape(extents)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("an image to rows", ["shape": [2, -1]], inputs: [[2, 3, 4, 5]]),
      LayerExample("rows to an image", ["shape": [2, 3, 4, 5]], inputs: [[2, 60]]),
      LayerExample("one axis", ["shape": -1], inputs: [[2, 3, 4]]),
      LayerExample("a scalar to five axes", ["shape": [1, 1, 1, 1, 1]], inputs: [[]]),
      LayerExample("the first axis left over", ["shape": [-1, 6]], inputs: [[4, 3, 1, 2, 1]]),
      LayerExample("no shape", inputs: [[2]], refused: .missingHyperparameter("shape")),
      LayerExample(
        "two axes left over", ["shape": [-1, -1]], inputs: [[4]],
        refused: .outOfRange(
          hyperparameter: "shape", allowed: "-1 at most once", found: [-1, -1])),
      LayerExample(
        "a negative extent", ["shape": [-2, 2]], inputs: [[4]],
        refused: .outOfRange(hyperparameter: "shape", allowed: "-1 or more", found: [-2, 2])),
      LayerExample(
        "another count", ["shape": [2, 3]], inputs: [[7]],
        refused: .contradiction(hyperparameter: "shape", declared: [2, 3], tensors: [7])),
      LayerExample(
        "a remainder", ["shape": [-1, 4]], inputs: [[2, 3]],
        refused: .contradiction(hyperparameter: "shape", declared: [-1, 4], tensors: [2, 3])),
      LayerExample(
        "a count beyond all integers", ["shape": [.integer(1 << 40), .integer(1 << 40)]],
        inputs: [[7]],
        refused: .contradiction(
          hyperparameter: "shape", declared: [.integer(1 << 40), .integer(1 << 40)],
          tensors: [7])),
    ]
  }
}
