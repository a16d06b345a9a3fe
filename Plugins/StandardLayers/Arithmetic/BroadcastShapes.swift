import LayerKit
import Tensors

extension OperandShapes {
  /// The shape that all inputs stretch to; throws `LayerProblem` for the first that does not fit.
  func broadcastInputs() throws -> Shape {
    for count in inputs.indices.dropFirst() {
      guard Shape.broadcast(Array(inputs[...count])) != nil else {
        let before = Shape.broadcast(Array(inputs[..<count])) ?? .scalar
        throw LayerProblem.wrongShape(
          tensor: "input.\(count)", expected: "one that broadcasts with \(before)",
          found: inputs[count])
      }
    }
    return Shape.broadcast(inputs) ?? .scalar
  }
}

extension LayerExample {
  /// Shapes that broadcast in every way, for kinds that take two inputs or more.
  static let broadcasting: [LayerExample] = [
    LayerExample("equal shapes, batch of 2", inputs: [[2, 3, 4, 5], [2, 3, 4, 5]]),
    LayerExample("scalars", inputs: [[], []]),
    LayerExample("a scalar and a matrix", inputs: [[], [3, 4]]),
    LayerExample("one number for each channel", inputs: [[2, 3, 2, 5], [3, 1, 1]]),
    LayerExample("one number for each sample and channel", inputs: [[2, 3, 2, 5], [2, 3, 1, 1]]),
    LayerExample("rows and columns", inputs: [[4, 1], [3]]),
    LayerExample("both stretched, five axes", inputs: [[2, 1, 3, 1, 2], [1, 4, 1, 2, 1]]),
    LayerExample("three inputs", inputs: [[2, 3], [3], [2, 1]]),
    LayerExample("one input twice as wide in rank", inputs: [[5], [2, 3, 5]]),
    LayerExample(
      "extents that do not fit", inputs: [[2, 3], [2]],
      refused: .wrongShape(
        tensor: "input.1", expected: "one that broadcasts with [2, 3]", found: [2])),
    LayerExample(
      "one input", inputs: [[2, 3]],
      refused: .inputCount(allowed: 2...(.max), found: 1)),
  ]

  /// The same for kinds that take exactly two inputs.
  static let broadcastingPairs: [LayerExample] =
    broadcasting.filter { $0.problem == nil && $0.shapes.inputs.count == 2 } + [
      LayerExample("no sample", inputs: [[0, 3], [3]]),
      LayerExample(
        "extents that do not fit", inputs: [[2, 3], [2]],
        refused: .wrongShape(
          tensor: "input.1", expected: "one that broadcasts with [2, 3]", found: [2])),
      LayerExample(
        "three inputs", inputs: [[2], [2], [2]],
        refused: .inputCount(allowed: 2...2, found: 3)),
    ]
}

extension BoundQuestion {
  /// The bound of a gradient that is the sum of `upstream` over the axes that an input was
  /// stretched along; without a sum it is `upstream` itself.
  func stretchingBound(ofInput index: Int) -> ErrorBound {
    let shape = operands.inputs[index].shape
    let terms = upstream[0].count / max(1, shape.count)
    guard terms > 1 else { return .exact }
    let magnitude = Broadcasting.gradient(
      of: shape, from: upstream[0].mapInParallel { $0.magnitude })
    return .sum(terms: terms - 1, magnitude: magnitude, products: false)
  }
}
