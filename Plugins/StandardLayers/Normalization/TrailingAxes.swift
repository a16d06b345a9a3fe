import LayerKit
import Tensors

/// The trailing axes of a tensor that `normalized_shape` names.
///
/// The shape of the weight says the same, so the hyper-parameter is needed only without one.
struct TrailingAxes: Sendable {
  /// The extents that the hyper-parameter states; nil where it is absent.
  private let stated: [Int]?
  private let declared: DeclaredSizes

  init(_ hyperparameters: inout HyperparameterReader, hasBias: Bool) {
    stated = hyperparameters.optionalIntegers("normalized_shape", in: 0...(.max))
    if stated?.isEmpty == true {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "normalized_shape", allowed: "at least one extent", found: .list([])))
    }
    declared =
      hasBias
      ? hyperparameters.declaredSizes("elementwise_affine", "bias")
      : hyperparameters.declaredSizes("elementwise_affine")
    hyperparameters.ignore("device", "dtype")
  }

  /// The groups of the input of accepted operands.
  func groups(_ operands: OperandShapes) -> NormalizationGroups {
    let shape = operands.parameters["weight"] ?? operands.parameters["bias"]
    return .trailing(operands.inputs[0], rank: stated?.count ?? shape?.rank ?? 1)
  }

  /// Throws unless the input ends with the extents, and the parameters have them.
  func check(_ operands: OperandShapes) throws {
    let x = operands.inputs[0]
    guard
      let shape = stated.map({ Shape($0) }) ?? operands.parameters["weight"]
        ?? operands.parameters["bias"]
    else { throw LayerProblem.missingHyperparameter("normalized_shape") }
    let notation = shape.extents.map { "\($0)" }.joined(separator: ", ")
    guard x.rank >= shape.rank, Array(x.extents.suffix(shape.rank)) == shape.extents
    else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(..., \(notation))", found: x)
    }
    let called = "(\(notation)\(shape.rank == 1 ? "," : ""))"
    for name in ["weight", "bias"] {
      try operands.checkParameter(name, is: shape, called: called)
    }
    try operands.checkAffine(declared, "elementwise_affine")
  }
}

extension TrailingAxes {
  /// Configurations of a kind that works on trailing axes.
  static let examples: [LayerExample] = [
    LayerExample("the last axis", inputs: [[3, 5]], parameters: ["weight": [5]]),
    LayerExample(
      "no weight", ["normalized_shape": 5, "elementwise_affine": false], inputs: [[2, 3, 5]]),
    LayerExample(
      "three axes of four", ["normalized_shape": [3, 2, 4], "elementwise_affine": true],
      inputs: [[2, 3, 2, 4]], parameters: ["weight": [3, 2, 4]]),
    LayerExample(
      "two axes that the weight names", inputs: [[3, 4, 2]], parameters: ["weight": [4, 2]]),
    LayerExample("all axes", ["normalized_shape": [7]], inputs: [[7]], parameters: ["weight": [7]]),
    LayerExample(
      "groups of one element", ["normalized_shape": 1, "eps": 0.5], inputs: [[3, 1]],
      parameters: ["weight": [1]]),
    LayerExample("no sample", inputs: [[0, 4]], parameters: ["weight": [4]]),
    LayerExample("groups of no element", ["normalized_shape": 0], inputs: [[2, 0]]),
    LayerExample(
      "neither shape nor weight", inputs: [[3, 5]],
      refused: .missingHyperparameter("normalized_shape")),
    LayerExample(
      "no axis", ["normalized_shape": []], inputs: [[3, 5]],
      refused: .outOfRange(
        hyperparameter: "normalized_shape", allowed: "at least one extent", found: [])),
    LayerExample(
      "axes that the input does not end with", ["normalized_shape": [3, 5]], inputs: [[2, 4, 5]],
      refused: .wrongShape(tensor: "input", expected: "(..., 3, 5)", found: [2, 4, 5])),
    LayerExample(
      "more axes than the input has", ["normalized_shape": [1, 5]], inputs: [[5]],
      refused: .wrongShape(tensor: "input", expected: "(..., 1, 5)", found: [5])),
    LayerExample(
      "a weight of other axes", ["normalized_shape": [3, 5]], inputs: [[2, 3, 5]],
      parameters: ["weight": [5]],
      refused: .wrongShape(tensor: "parameters/weight", expected: "(3, 5)", found: [5])),
    LayerExample(
      "a declared flag that is not so", ["normalized_shape": 5, "elementwise_affine": true],
      inputs: [[3, 5]],
      refused: .contradiction(
        hyperparameter: "elementwise_affine", declared: true, tensors: false)),
  ]
}
