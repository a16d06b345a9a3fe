// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.NLLLoss (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// Negative log-likelihood of class indices, given logarithms of probabilities.
///
///     value[n] = −w[t[n]] · x[n, t[n]]
///
/// Positions whose index is `ignore_index` have the value 0. A mean is divided by Σ w[t[n]] over the
/// others (their number without weights), so it is NaN if all are ignored.
/// - Shapes: x [N, C, d₁, …] or [C], t [N, d₁, …] or [], w [C] → scalar, or that of t
/// - Kinks: none. Linear in x.
public struct NLLLoss: Layer {
  // MARK: Kind

  public static let signature = Signature(
    kind: "NLLLoss", inputs: [.init("input"), .init("target", .indices)],
    auxiliary: [.init("weight", .positiveNumbers, optional: true)], traits: .loss)

  // MARK: Hyper-parameters

  let reduction: LossReduction
  /// The index that marks a position to be left out; default −100.
  let ignored: Int

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    ignored = hyperparameters.integer("ignore_index", default: -100, in: .min ... .max)
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let scores = try ClassScores.checked(operands)
    let target = operands.inputs[1]
    guard scores.areIndices(target) else {
      throw LayerProblem.wrongShape(
        tensor: "target", expected: "\(scores.positions)", found: target)
    }
    return [reduction.shape(of: scores.positions)]
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    try ClassScores(operands.inputs[0].shape)
      .checkIndices(operands.inputs[1], ignoring: ignored)
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let scores = ClassScores(x.shape)
    let labels = scores.labels(operands.inputs[1], ignoring: ignored)
    let weight = operands.auxiliary["weight"]
    let values = labels.enumerated().map { position, label -> S in
      guard let label else { return .zero }
      return -(weight?[label] ?? .one) * x[scores.offset(position, label)]
    }
    return Results(
      reduction.value(
        Tensor(scores.positions, values), denominator: Self.denominator(labels, weight)))
  }

  /// Σ w[t[n]] over the positions that are not ignored.
  static func denominator<S: Scalar>(_ labels: [Int?], _ weight: Tensor<S>?) -> S {
    var sum = S.zero
    for case let label? in labels { sum += weight?[label] ?? .one }
    return sum
  }

  // MARK: Backward

  /// dx[n, t[n]] = −s·w[t[n]] / denominator; 0 for all other classes.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil, nil]) }
    let x = operands.inputs[0]
    let scores = ClassScores(x.shape)
    let labels = scores.labels(operands.inputs[1], ignoring: ignored)
    let weight = operands.auxiliary["weight"]
    let denominator = Self.denominator(labels, weight)
    var dx = Tensor(x.shape, repeating: S.zero)
    for case (let position, let label?) in labels.enumerated() {
      let s = reduction.upstream(upstream[0], at: position, denominator: denominator)
      dx[scores.offset(position, label)] = -(weight?[label] ?? 1) * s
    }
    return Gradients(inputs: [dx, nil])
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let count = question.operands.inputs[1].count
    let isWeighted = question.operands.auxiliary["weight"] != nil
    // A product with the weight, and the sum that a mean is divided by.
    let weighting = isWeighted ? 1 : 0
    let averaging = reduction == .mean ? 1 + weighting * count : 0
    switch question.tensor {
    case .inputGradient:
      let terms = weighting + averaging + (reduction == .mean ? 1 : 0)
      guard terms > 0 else { return .exact }
      return .sum(terms: terms, magnitude: question.computed.map(\.magnitude), products: false)
    default:
      let terms = weighting + averaging + (reduction == .none ? 0 : count)
      guard terms > 0 else { return .exact }
      return .sum(terms: terms, magnitude: valueMagnitude(question.operands), products: false)
    }
  }

  /// The value for the magnitudes of x and w: Σ|w·x| / Σw.
  private func valueMagnitude(_ operands: Operands<Double>) -> Tensor<Double> {
    var magnitudes = operands
    magnitudes.inputs[0] = operands.inputs[0].map(\.magnitude)
    magnitudes.auxiliary = operands.auxiliary.mapValues { $0.map(\.magnitude) }
    return define(magnitudes).outputs[0].map(\.magnitude)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    func example(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], inputs: [Shape],
      weight: Shape? = nil, refused problem: LayerProblem? = nil
    ) -> LayerExample {
      LayerExample(
        name, hyperparameters, inputs: inputs, auxiliary: weight.map { ["weight": $0] } ?? [:],
        indexLimit: 4, refused: problem)
    }
    return [
      example("mean", inputs: [[6, 4], [6]]),
      example(
        "weighted mean, one class ignored", ["ignore_index": 2], inputs: [[9, 4], [9]], weight: [4]),
      example("sum over images", ["reduction": "sum"], inputs: [[2, 4, 3, 2], [2, 3, 2]]),
      example(
        "each position, weighted", ["reduction": "none"], inputs: [[3, 4, 2], [3, 2]], weight: [4]),
      example("no batch axis", inputs: [[4], .scalar]),
      example("an older flag", ["size_average": false, "reduce": "none"], inputs: [[5, 4], [5]]),
      example(
        "a target of other positions", inputs: [[5, 4], [4]],
        refused: .wrongShape(tensor: "target", expected: "[5]", found: [4])),
      example(
        "probabilities", inputs: [[5, 4], [5, 4]],
        refused: .wrongShape(tensor: "target", expected: "[5]", found: [5, 4])),
      example(
        "weights of other classes", inputs: [[5, 4], [5]], weight: [5],
        refused: .wrongShape(tensor: "auxiliary/weight", expected: "(4,)", found: [5])),
      example(
        "an unknown reduction", ["reduction": "average"], inputs: [[5, 4], [5]],
        refused: .outOfRange(
          hyperparameter: "reduction", allowed: "one of \"none\", \"sum\", \"mean\"",
          found: "average")),
    ]
  }
}
