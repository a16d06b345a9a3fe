// What the kinds that work along one axis have in common: their hyper-parameter and examples.

import LayerKit
import Tensors

extension AxisRows {
  /// The rows along an axis that has been checked against the shape.
  init(_ shape: Shape, dimension: Int) {
    self.init(shape, axis: dimension < 0 ? dimension + max(1, shape.rank) : dimension)
  }
}

extension HyperparameterReader {
  /// An axis that must be named: absent and `None` are errors, since no default is guessed.
  mutating func dimension(_ name: String) -> Int {
    let problemsBefore = problems.count
    if let dimension = optionalInteger(name, in: dimensionRange) { return dimension }
    if problems.count == problemsBefore { report(.missingHyperparameter(name)) }
    return 0
  }
}

extension LayerExample {
  /// Configurations of a kind that works along the axis `dim`.
  static let rowsAlongAnAxis: [LayerExample] = [
    LayerExample("a scalar", ["dim": 0], inputs: [[]]),
    LayerExample("one row", ["dim": 0], inputs: [[5]]),
    LayerExample("classes, batch of 3", ["dim": 1], inputs: [[3, 4]]),
    LayerExample("along the batch", ["dim": 0], inputs: [[3, 4]]),
    LayerExample("the last axis by -1", ["dim": -1], inputs: [[2, 3, 4]]),
    LayerExample("the channels of an image", ["dim": -3], inputs: [[2, 3, 4, 2]]),
    LayerExample("five axes", ["dim": 2], inputs: [[2, 1, 4, 2, 3]]),
    LayerExample("one class", ["dim": 1], inputs: [[2, 1, 3]]),
    LayerExample("no axis", inputs: [[3, 4]], refused: .missingHyperparameter("dim")),
    LayerExample(
      "PyTorch's None", ["dim": "none"], inputs: [[3, 4]],
      refused: .missingHyperparameter("dim")),
    LayerExample(
      "an axis too far", ["dim": 2], inputs: [[3, 4]],
      refused: .outOfRange(hyperparameter: "dim", allowed: "-2 to 1", found: 2)),
    LayerExample(
      "an axis too far from the end", ["dim": -3], inputs: [[3, 4]],
      refused: .outOfRange(hyperparameter: "dim", allowed: "-2 to 1", found: -3)),
  ]
}
