// Source: torch.nn.MultiMarginLoss (2.13); J. Weston and C. Watkins, *Support Vector Machines for
// Multi-Class Pattern Recognition*, 1999.

public import Kernels
public import LayerKit
public import Tensors

/// How far the score of the right class is from being larger than each other by a margin.
///
///     value[n] = w[t]/C · Σ_{c ≠ t} max(0, m − x[n,t] + x[n,c])ᵖ,  t = t[n]
///
/// - Shapes: x [N, C] or [C], t [N] or [], w [C] → scalar, or that of t for the reduction `none`
/// - Kinks: where m − x[t] + x[c] = 0 the slope is 0. So it is, and the value, where it is NaN.
public struct MultiMarginLoss: ReducedLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "MultiMarginLoss", inputs: [.init("input"), .init("target", .indices)],
    auxiliary: [.init("weight", .positiveNumbers, optional: true)], traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// p, 1 or 2; default 1.
  private let power: Int
  /// m; default 1.
  private var margin: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    power = hyperparameters.integer("p", default: 1, in: 1...2)
    margin = hyperparameters.real("margin", default: 1)
  }

  public func rounded(to format: NumberFormat) -> MultiMarginLoss {
    var rounded = self
    rounded.margin = format.rounded(margin)
    return rounded
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let scores = try ClassScores.checkedRows(operands)
    guard scores.areIndices(operands.inputs[1]) else {
      throw LayerProblem.wrongShape(
        tensor: "target", expected: "\(scores.positions)", found: operands.inputs[1])
    }
    return scores.positions
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    try ClassScores(rows: operands.inputs[0].shape).checkIndices(operands.inputs[1])
  }

  // MARK: Definition

  public func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let scores = ClassScores(rows: operands.inputs[0].shape)
    var values = Tensor(scores.positions, repeating: S.zero)
    visit(operands, scores) { position, _, _, z, weight in
      let excess = S.select(z, wherePositive: z, otherwise: .zero)
      values[position] += weight * (power == 1 ? excess : excess * excess)
    }
    return values.map { $0 / S(Double(scores.classes)) }
  }

  /// Calls `body` with m − x[t] + x[c] for each class c other than that of the target, t.
  private func visit<S: Scalar>(
    _ operands: Operands<S>, _ scores: ClassScores,
    _ body: (_ position: Int, _ right: Int, _ other: Int, _ z: S, _ weight: S) -> Void
  ) {
    let x = operands.inputs[0]
    let labels = scores.labels(operands.inputs[1], ignoring: nil)
    for case (let position, let label?) in labels.enumerated() {
      let right = scores.offset(position, label)
      for c in 0..<scores.classes where c != label {
        let other = scores.offset(position, c)
        let z = S(margin) - x[right] + x[other]
        body(position, right, other, z, operands.auxiliary["weight"]?[label] ?? .one)
      }
    }
  }

  // MARK: Backward

  /// ∂/∂x[c] = w/C·p·zᵖ⁻¹ where z = m − x[t] + x[c] > 0; ∂/∂x[t] = −Σ_c ∂/∂x[c].
  public func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil, nil]) }
    let scores = ClassScores(rows: operands.inputs[0].shape)
    var dx = Tensor(operands.inputs[0].shape, repeating: S.zero)
    visit(operands, scores) { position, right, other, z, weight in
      let slope = S.select(
        power == 1 ? .one : S(2) * z, wherePositive: z, otherwise: .zero)
      let gradient = upstream[position] / S(Double(scores.classes)) * weight * slope
      dx[other] += gradient
      dx[right] += -gradient
    }
    return Gradients(inputs: [dx, nil])
  }

  // MARK: Bound

  /// C may have been inverted first.
  public var upstreamRoundings: Int { 2 }

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
        "weighted squares, sum", ["p": 2, "reduction": "sum"], inputs: [[5, 4], [5]], weight: [4]),
      example(
        "each sample, a margin of its own", ["margin": 0.3, "reduction": "none"],
        inputs: [[7, 4], [7]]),
      example("squares, a negative margin", ["p": 2, "margin": -0.5], inputs: [[6, 4], [6]]),
      example("no batch axis", inputs: [[4], []]),
      example("no batch axis, one index", ["p": 2], inputs: [[5], [1]], weight: [5]),
      example("an older flag", ["size_average": false], inputs: [[3, 4], [3]]),
      example("no sample", ["reduction": "sum"], inputs: [[0, 4], [0]]),
      example(
        "cubes", ["p": 3], inputs: [[3, 4], [3]],
        refused: .outOfRange(hyperparameter: "p", allowed: "1 to 2", found: 3)),
      example(
        "an image", inputs: [[3, 4, 2], [3, 2]],
        refused: .wrongShape(tensor: "input", expected: "(C) or (N, C)", found: [3, 4, 2])),
      example(
        "a target of other samples", inputs: [[3, 4], [4]],
        refused: .wrongShape(tensor: "target", expected: "[3]", found: [4])),
      example(
        "weights of other classes", inputs: [[3, 4], [3]], weight: [5],
        refused: .wrongShape(tensor: "auxiliary/weight", expected: "(4,)", found: [5])),
    ]
  }
}
