import LayerKit
import Tensors
import Testing

/// Each problem, and the facts that its sentence must hold.
private let sentences: [(LayerProblem, [String])] = [
  (.unknownHyperparameter("strid", closest: "stride"), ["`strid`", "`stride`", "did you mean"]),
  (.unknownHyperparameter("colour", closest: nil), ["`colour`", "remove"]),
  (.missingHyperparameter("dim"), ["`dim`", "add"]),
  (
    .wrongType(hyperparameter: "p", expected: "a number", found: "half"),
    ["`p`", "a number", "\"half\""]
  ),
  (.outOfRange(hyperparameter: "p", allowed: "0 to 1", found: 1.5), ["`p`", "0 to 1", "1.5"]),
  (
    .contradiction(hyperparameter: "in_channels", declared: 3, tensors: [4, 5]),
    ["`in_channels`", "3", "[4, 5]", "correct"]
  ),
  (.inputCount(allowed: 1...1, found: 2), ["1 input", "2 are"]),
  (.inputCount(allowed: 2...(.max), found: 1), ["at least 2 inputs", "1 is"]),
  (.inputCount(allowed: 2...3, found: 0), ["2 to 3 inputs", "0 are"]),
  (
    .unknownTensor("parameters/wieght", closest: "parameters/weight"),
    ["`parameters/wieght`", "`parameters/weight`"]
  ),
  (.unknownTensor("parameters/x", closest: nil), ["`parameters/x`", "remove"]),
  (.missingTensor("parameters/weight"), ["`parameters/weight`", "add"]),
  (
    .wrongShape(tensor: "input", expected: "(N, C, H, W)", found: [3, 4]),
    ["`input`", "(N, C, H, W)", "[3, 4]", "correct"]
  ),
  (
    .emptyOutput(axis: "height", extent: 3, padding: 1, effectiveKernel: 7),
    ["height", "3", "1", "7"]
  ),
  (
    .wrongValue(tensor: "auxiliary/mask", index: [0, 2], value: 0.5, allowed: "0 or 1"),
    ["`auxiliary/mask`", "[0, 2]", "0.5", "0 or 1"]
  ),
  (.other("needs a Tuesday"), ["needs a Tuesday"]),
]

@Test func `every problem is told with its facts`() {
  for (problem, facts) in sentences {
    for fact in facts {
      #expect("\(problem)".contains(fact), "\(problem)")
    }
    #expect(!"\(problem)".hasSuffix("."))
  }
}
