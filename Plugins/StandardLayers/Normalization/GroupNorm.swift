// Source: torch.nn.GroupNorm (2.13); Y. Wu, K. He, *Group Normalization*, 2018, §3.1.

public import LayerKit
public import Tensors

/// Normalisation of each sample over space and groups of neighbouring channels.
///
///     y[n,c,…] = w[c] · (x[n,c,…] − μ[n,k]) / √(v[n,k] + ε) + b[c],   k = ⌊c / (C/G)⌋
///
/// μ and v are the mean and the biased variance of the m elements of group k of the sample.
/// - Shapes: x [N, C, …], w and b [C] → y like x
/// - Kinks: none. A constant group becomes b, and NaN for ε = 0.
public struct GroupNorm: NormalizationLayer {
  public static let signature = Signature(
    kind: "GroupNorm",
    parameters: [.init("weight", optional: true), .init("bias", optional: true)],
    traits: .independentSamples)

  // MARK: Hyper-parameters

  /// G, the number of groups; it divides the number of channels.
  private let groups: Int
  /// ε, added to the variance; default 1e-5.
  private let epsilon: Double
  private let declared: DeclaredSizes

  public init(_ hyperparameters: inout HyperparameterReader) {
    groups = hyperparameters.integer("num_groups", in: 1...(.max))
    epsilon = hyperparameters.real("eps", default: 1e-5, in: 0...(.greatestFiniteMagnitude))
    declared = hyperparameters.declaredSizes("num_channels", "affine", "bias")
    hyperparameters.ignore("device", "dtype")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard x.rank >= 2, x[1] > 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C, …)", found: x)
    }
    guard x[1] % groups == 0 else {
      throw LayerProblem.outOfRange(
        hyperparameter: "num_groups", allowed: "a divisor of \(x[1])", found: .integer(groups))
    }
    for name in ["weight", "bias"] {
      try operands.checkParameter(name, is: [x[1]], called: "(\(x[1]),)")
    }
    try declared.check("num_channels", equals: x[1])
    try operands.checkAffine(declared, "affine")
    // PyTorch refuses one value in each group, but for a batch of several samples.
    guard x[0] * groups(operands).size != 1 else {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "more than one value for each group", found: x)
    }
    return [x]
  }

  public func groups(_ operands: OperandShapes) -> NormalizationGroups {
    .group(operands.inputs[0], groups: groups)
  }

  public func epsilon<S>(_ operands: Operands<S>) -> Double {
    operands.normalizationEpsilon(epsilon)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    func example(
      _ name: String, _ hyperparameters: [String: HyperparameterValue], input: Shape,
      parameters: [String: Shape] = ["weight": [6], "bias": [6]],
      refused problem: LayerProblem? = nil
    ) -> LayerExample {
      LayerExample(
        name, hyperparameters, inputs: [input], parameters: parameters, refused: problem)
    }
    return [
      example("two groups", ["num_groups": 2, "num_channels": 6], input: [2, 6, 3, 2]),
      example(
        "a group for each channel", ["num_groups": 6, "affine": true, "bias": true],
        input: [2, 6, 5]),
      example("one group", ["num_groups": 1, "eps": 0.125], input: [3, 6, 2, 1, 2]),
      example("no space", ["num_groups": 2], input: [4, 6]),
      example("one value in a group", ["num_groups": 6], input: [2, 6, 1]),
      example(
        "a weight without a bias", ["num_groups": 2, "bias": false], input: [2, 6, 4],
        parameters: ["weight": [6]]),
      example(
        "no weight, no bias, ε of 0", ["num_groups": 3, "affine": false, "bias": true, "eps": 0],
        input: [2, 6, 4], parameters: [:]),
      example("no sample", ["num_groups": 3], input: [0, 6, 4]),
      example("no space at all", ["num_groups": 3], input: [2, 6, 0]),
      example(
        "no number of groups", [:], input: [2, 6], refused: .missingHyperparameter("num_groups")),
      example(
        "groups that do not divide the channels", ["num_groups": 4], input: [2, 6, 3],
        refused: .outOfRange(
          hyperparameter: "num_groups", allowed: "a divisor of 6", found: 4)),
      example(
        "one axis", ["num_groups": 2], input: [6],
        refused: .wrongShape(tensor: "input", expected: "(N, C, …)", found: [6])),
      example(
        "one value in a group, one sample", ["num_groups": 6], input: [1, 6, 1],
        refused: .wrongShape(
          tensor: "input", expected: "more than one value for each group", found: [1, 6, 1])),
      example(
        "a weight of the groups", ["num_groups": 2], input: [2, 6], parameters: ["weight": [2]],
        refused: .wrongShape(tensor: "parameters/weight", expected: "(6,)", found: [2])),
      example(
        "a declared size that is not so", ["num_groups": 2, "num_channels": 4], input: [2, 6],
        refused: .contradiction(hyperparameter: "num_channels", declared: 4, tensors: 6)),
    ]
  }
}
