public import LayerKit
import Tensors

extension CTCLoss {
  public static var examples: [LayerExample] {
    func example(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], scores x: Shape,
      labels: [Double], _ shape: Shape? = nil, frames: [Double], counts: [Double],
      isBatched: Bool = true, refused problem: LayerProblem? = nil
    ) -> LayerExample {
      let lengths: Shape = isBatched ? [frames.count] : .scalar
      return LayerExample(
        name, hyperparameters, inputs: [x, shape ?? [labels.count], lengths, lengths],
        inputValues: [1: labels, 2: frames, 3: counts], refused: problem)
    }
    return [
      example(
        "mean", scores: [6, 3, 4], labels: [1, 2, 3, 2, 3, 0, 1, 1, 0], [3, 3], frames: [6, 5, 6],
        counts: [3, 2, 2]),
      example(
        "sum, labels after one another", ["reduction": "sum"], scores: [5, 2, 3],
        labels: [1, 2, 2],
        frames: [5, 4], counts: [2, 1]),
      example(
        "each sequence, another blank", ["reduction": "none", "blank": 2], scores: [6, 3, 3],
        labels: [0, 1, 0, 1, 1, 9, 0, 9, 9], [3, 3], frames: [6, 4, 1], counts: [3, 2, 1]),
      example(
        "an impossible sequence counts as 0", ["zero_infinity": true], scores: [4, 2, 3],
        labels: [1, 1, 2, 1], [2, 2], frames: [2, 4], counts: [2, 2]),
      example(
        "no labels", scores: [3, 2, 3], labels: [1, 1], [2, 1], frames: [3, 2], counts: [0, 1]),
      example(
        "no batch axis", ["reduction": "none"], scores: [5, 4], labels: [1, 3], frames: [5],
        counts: [2],
        isBatched: false),
      example(
        "no batch axis, mean", scores: [4, 3], labels: [2, 2], [1, 2], frames: [4], counts: [2]),
      example(
        "no sequence", ["reduction": "sum"], scores: [4, 0, 3], labels: [], [0, 2], frames: [],
        counts: []),
      example(
        "images", scores: [2, 3, 4, 5], labels: [1], frames: [1], counts: [1],
        refused: .wrongShape(
          tensor: "log_probs", expected: "(T, C) or (T, N, C)", found: [2, 3, 4, 5])),
      example(
        "a blank that is no class", ["blank": 3], scores: [4, 1, 3], labels: [1], frames: [4],
        counts: [1],
        refused: .outOfRange(hyperparameter: "blank", allowed: "a class from 0 to 2", found: 3)),
      example(
        "lengths of other sequences", scores: [4, 2, 3], labels: [1], frames: [4], counts: [1],
        refused: .wrongShape(tensor: "input_lengths", expected: "(2,)", found: [1])),
      example(
        "labels of other sequences", scores: [4, 2, 3], labels: [1, 1, 2], [3, 1], frames: [4, 4],
        counts: [1, 1],
        refused: .wrongShape(tensor: "targets", expected: "(2, S) or (S,)", found: [3, 1])),
    ]
  }
}
