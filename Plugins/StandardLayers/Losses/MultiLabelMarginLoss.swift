// Source: torch.nn.MultiLabelMarginLoss (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// How far the scores of several right classes are from being larger by 1 than all others.
///
///     value[n] = 1/C · Σ_t Σ_c max(0, 1 − x[n,t] + x[n,c])
///
/// The sum is over the classes t that the target lists before its first −1, as often as it does,
/// and the classes c that are not among them.
/// - Shapes: x and t [N, C] or [C] → scalar, or [N] or [] for the reduction `none`
/// - Kinks: where 1 − x[t] + x[c] = 0 the slope is 0. So it is, and the value, where it is NaN.
public struct MultiLabelMarginLoss: ReducedLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "MultiLabelMarginLoss", inputs: [.init("input"), .init("target", .indices)],
    traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let scores = try ClassScores.checkedRows(operands)
    guard operands.inputs[1] == operands.inputs[0] else {
      throw LayerProblem.wrongShape(
        tensor: "target", expected: "\(operands.inputs[0])", found: operands.inputs[1])
    }
    return scores.positions
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    try ClassScores(rows: operands.inputs[0].shape)
      .checkIndices(operands.inputs[1], ignoring: -1)
  }

  // MARK: Definition

  public func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let scores = ClassScores(rows: operands.inputs[0].shape)
    var values = Tensor(scores.positions, repeating: S.zero)
    visit(operands, scores) { position, _, _, z in
      values[position] += .select(z, wherePositive: z, otherwise: .zero)
    }
    return values.map { $0 / S(Double(scores.classes)) }
  }

  /// Calls `body` with 1 − x[t] + x[c] for each right class t and each other class c.
  private func visit<S: Scalar>(
    _ operands: Operands<S>, _ scores: ClassScores,
    _ body: (_ position: Int, _ right: Int, _ other: Int, _ z: S) -> Void
  ) {
    let x = operands.inputs[0]
    let labels = scores.labels(operands.inputs[1], ignoring: -1)
    for position in 0..<scores.positions.count {
      let row = labels[position * scores.classes..<(position + 1) * scores.classes]
      let listed = row.prefix { $0 != nil }.compactMap { $0 }
      let others = Set(0..<scores.classes).subtracting(listed).sorted()
      for right in listed.map({ scores.offset(position, $0) }) {
        for other in others.map({ scores.offset(position, $0) }) {
          body(position, right, other, .one - x[right] + x[other])
        }
      }
    }
  }

  // MARK: Backward

  /// ∂/∂x[c] = 1/C and ∂/∂x[t] = −1/C for each pair with 1 − x[t] + x[c] > 0.
  public func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil, nil]) }
    let scores = ClassScores(rows: operands.inputs[0].shape)
    var dx = Tensor(operands.inputs[0].shape, repeating: S.zero)
    visit(operands, scores) { position, right, other, z in
      let slope = S.select(.one, wherePositive: z, otherwise: .zero)
      let gradient = upstream[position] / S(Double(scores.classes)) * slope
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
    [
      LayerExample(
        "mean", inputs: [[3, 4], [3, 4]],
        inputValues: [1: [3, 0, -1, 1, 2, -1, -1, -1, -1, 0, 1, 2]]),
      LayerExample(
        "sum", ["reduction": "sum"], inputs: [[2, 5], [2, 5]],
        inputValues: [1: [4, 2, 0, -1, -1, 1, -1, 3, 3, 3]]),
      LayerExample(
        "each sample, a class listed twice", ["reduction": "none"], inputs: [[2, 4], [2, 4]],
        inputValues: [1: [3, 3, 0, -1, 0, 1, 2, 3]]),
      LayerExample("no batch axis", inputs: [[4], [4]], inputValues: [1: [3, 0, -1, 1]]),
      LayerExample("one number", inputs: [[], []]),
      LayerExample(
        "an older flag", ["reduce": false], inputs: [[2, 3], [2, 3]],
        inputValues: [1: [1, -1, -1, 0, 2, -1]]),
      LayerExample("no sample", ["reduction": "sum"], inputs: [[0, 4], [0, 4]]),
      LayerExample(
        "one class each", inputs: [[3, 4], [3]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
      LayerExample(
        "an image", inputs: [[3, 4, 2], [3, 4, 2]],
        refused: .wrongShape(tensor: "input", expected: "(C) or (N, C)", found: [3, 4, 2])),
    ]
  }
}
