public import LayerKit
import Tensors

extension CrossEntropyLoss {
  public static var examples: [LayerExample] {
    func example(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], inputs: [Shape],
      weight: Shape? = nil, refused problem: LayerProblem? = nil
    ) -> LayerExample {
      LayerExample(
        name, hyperparameters, inputs: inputs, auxiliary: weight.map { ["weight": $0] } ?? [:],
        indexLimit: 5, refused: problem)
    }
    return [
      example("mean", inputs: [[7, 5], [7]]),
      example(
        "weighted mean, one class ignored", ["ignore_index": 3], inputs: [[9, 5], [9]], weight: [5]),
      example(
        "weighted, ignored and smoothed", ["ignore_index": 1, "label_smoothing": 0.125],
        inputs: [[9, 5], [9]], weight: [5]),
      example(
        "smoothed sum over images", ["reduction": "sum", "label_smoothing": 0.25],
        inputs: [[2, 5, 3, 2], [2, 3, 2]]),
      example(
        "each position, weighted", ["reduction": "none"], inputs: [[3, 5, 2], [3, 2]], weight: [5]),
      example("distributions", inputs: [[4, 5], [4, 5]]),
      example(
        "distributions over images, weighted and smoothed", ["label_smoothing": 0.5],
        inputs: [[2, 5, 2, 3], [2, 5, 2, 3]], weight: [5]),
      example("each distribution", ["reduction": "none"], inputs: [[3, 5], [3, 5]], weight: [5]),
      example("no batch axis", inputs: [[5], .scalar]),
      example("one distribution without a batch axis", ["reduction": "sum"], inputs: [[5], [5]]),
      example("an older flag", ["reduce": false], inputs: [[4, 5], [4]]),
      example(
        "scores without classes", inputs: [.scalar, .scalar],
        refused: .wrongShape(
          tensor: "input", expected: "(C), (N, C) or (N, C, d1, …)", found: .scalar)),
      example(
        "an index too many axes", inputs: [[5, 4], [5, 1]],
        refused: .wrongShape(tensor: "target", expected: "[5] or [5, 4]", found: [5, 1])),
      example(
        "weights of other classes", inputs: [[5, 4], [5]], weight: [5],
        refused: .wrongShape(tensor: "auxiliary/weight", expected: "(4,)", found: [5])),
      example(
        "a class to ignore among distributions", ["ignore_index": 0], inputs: [[5, 4], [5, 4]],
        refused: .outOfRange(
          hyperparameter: "ignore_index",
          allowed: "a negative number where the target is not indices", found: 0)),
      example(
        "more than everything smoothed", ["label_smoothing": 1.5], inputs: [[5, 4], [5]],
        refused: .outOfRange(
          hyperparameter: "label_smoothing", allowed: "0.0 to 1.0", found: 1.5)),
    ]
  }
}
