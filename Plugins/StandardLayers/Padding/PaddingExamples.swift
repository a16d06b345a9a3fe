import LayerKit
import Tensors

extension LayerExample {
  /// Images with 1 to 3 spatial axes of different extents.
  private static func image(_ axes: Int, batch: Int = 2) -> Shape {
    Shape([batch, 3] + [4, 3, 5].suffix(axes))
  }

  /// A padding with a number of its own at each end of each axis.
  private static func uneven(_ axes: Int, _ numbers: [Int]) -> HyperparameterValue {
    .list(numbers.prefix(2 * axes).map { .integer($0) })
  }

  /// What every padding kind accepts and refuses; `others` are hyper-parameters besides `padding`.
  private static func padding(
    axes: Int, _ others: [String: HyperparameterValue] = [:]
  ) -> [LayerExample] {
    func with(_ padding: HyperparameterValue) -> [String: HyperparameterValue] {
      others.merging(["padding": padding]) { $1 }
    }
    let flat = Shape(Array(image(axes).extents.dropFirst()))
    let notation = ["(N, C, L)", "(N, C, H, W)", "(N, C, D, H, W)"][axes - 1]
    return [
      LayerExample("one number for all ends", with(1), inputs: [image(axes)]),
      LayerExample(
        "every end by itself", with(uneven(axes, [2, 1, 0, 2, 1, 3])), inputs: [image(axes)]),
      LayerExample(
        "cut on all sides", with(-1), inputs: [image(axes)]),
      LayerExample(
        "cut at one end, extended at the other", with(uneven(axes, [2, -1, -1, 1, -2, 1])),
        inputs: [image(axes)]),
      LayerExample("no cell", with(0), inputs: [image(axes)]),
      LayerExample("no sample", with(1), inputs: [image(axes, batch: 0)]),
      LayerExample(
        "no batch axis", with(1), inputs: [flat],
        refused: .wrongShape(tensor: "input", expected: notation, found: flat)),
      LayerExample(
        "no padding", others, inputs: [image(axes)], refused: .missingHyperparameter("padding")),
      LayerExample(
        "three numbers", with([1, 1, 1]), inputs: [image(axes)],
        refused: .wrongType(
          hyperparameter: "padding", expected: "1 or \(2 * axes) whole numbers",
          found: [1, 1, 1])),
    ]
  }

  /// A refused example: numbers at the ends of the last axis, whose extent is 5.
  private static func refused(
    _ name: String, axes: Int, _ begin: Int, _ end: Int, allowed: String,
    _ others: [String: HyperparameterValue] = [:]
  ) -> LayerExample {
    let padding = uneven(axes, [begin, end, 0, 0, 0, 0])
    let along = axes == 1 ? "length" : "width"
    return LayerExample(
      name, others.merging(["padding": padding]) { $1 }, inputs: [image(axes)],
      refused: .outOfRange(
        hyperparameter: "padding", allowed: "\(allowed) along \(along)",
        found: padding))
  }

  /// A refused example: no cell left on any axis.
  private static func everythingCutAway(axes: Int) -> LayerExample {
    let padding = uneven(axes, [-3, -2, -3, 0, 0, -4])
    return LayerExample(
      "everything cut away", ["padding": padding], inputs: [image(axes)],
      refused: .outOfRange(
        hyperparameter: "padding", allowed: "numbers that leave a cell", found: padding))
  }

  static func constantPadding(axes: Int, value: Double? = nil) -> [LayerExample] {
    let others = value.map { ["value": HyperparameterValue.real($0)] } ?? [:]
    return padding(axes: axes, others) + [
      LayerExample(
        "all cut away, and constants after that",
        others.merging(["padding": uneven(axes, [-5, 2, 1, 1, 0, 2])]) { $1 },
        inputs: [image(axes)]),
      LayerExample(
        "more axes before", others.merging(["padding": uneven(axes, [1, 0, 0, 2, 1, 1])]) { $1 },
        inputs: [Shape([2, 3, 2] + [4, 3, 5].suffix(axes))]),
      refused(
        "more cut away than there is", axes: axes, -6, 4,
        allowed: "no more than 5 cut away", others),
    ]
      + (value == nil
        ? []
        : [
          LayerExample(
            "no value", ["padding": 1], inputs: [image(axes)],
            refused: .missingHyperparameter("value"))
        ])
  }

  static func reflectionPadding(axes: Int) -> [LayerExample] {
    padding(axes: axes) + [
      LayerExample(
        "as far as there are cells", ["padding": uneven(axes, [4, 4, 2, 2, 3, 3])],
        inputs: [image(axes)]),
      refused(
        "further than there are cells", axes: axes, 5, 0, allowed: "at most 4 at each end"),
      everythingCutAway(axes: axes),
    ]
  }

  static func replicationPadding(axes: Int) -> [LayerExample] {
    padding(axes: axes) + [
      LayerExample(
        "further than there are cells", ["padding": uneven(axes, [7, 6, 5, 4, 0, 6])],
        inputs: [image(axes)]),
      refused(
        "more cut away than there is", axes: axes, -5, -1, allowed: "no more than 5 cut away"),
      everythingCutAway(axes: axes),
    ]
  }

  static func circularPadding(axes: Int) -> [LayerExample] {
    padding(axes: axes) + [
      LayerExample(
        "twice and three times round", ["padding": uneven(axes, [5, 5, 3, 0, 4, 4])],
        inputs: [image(axes)]),
      refused(
        "more than once round", axes: axes, 6, 0, allowed: "at most 5 at each end"),
      refused(
        "what has been cut away", axes: axes, -3, 4, allowed: "at most 2 at each end"),
    ]
  }
}
