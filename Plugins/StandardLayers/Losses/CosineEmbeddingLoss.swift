// Source: torch.nn.CosineEmbeddingLoss (2.13), whose ε is the single-precision number nearest to
// 1e-12 in double precision, too.

public import LayerKit
public import Tensors

/// The cosine between two vectors, to be 1 where the target is 1, and at most m where it is −1.
///
///     value = 1 − c for t = 1, max(0, c − m) for t = −1, otherwise 0
///     c = Σ x₁·x₂ / √((Σ x₁² + ε)(Σ x₂² + ε)),  ε = 1e-12
///
/// - Shapes: x₁ and x₂ [N, D] that stretch to a common shape, t [N]; or x₁ and x₂ [D], t []
///   → scalar, or [N] or [] for the reduction `none`
/// - Kinks: at c = m the slope is that of the rising side.
public struct CosineEmbeddingLoss: ReducedLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "CosineEmbeddingLoss",
    inputs: [.init("input1"), .init("input2"), .init("target", .signs)],
    traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// m; default 0.
  private var margin: Double
  private var epsilon = Double(Float(1e-12))

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    margin = hyperparameters.real("margin", default: 0)
  }

  public func rounded(to format: NumberFormat) -> CosineEmbeddingLoss {
    var rounded = self
    rounded.margin = format.rounded(margin)
    rounded.epsilon = format.rounded(epsilon)
    return rounded
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let (first, target) = (operands.inputs[0], operands.inputs[2])
    guard first.rank == 1 || first.rank == 2 else {
      throw LayerProblem.wrongShape(tensor: "input1", expected: "(D) or (N, D)", found: first)
    }
    let second = operands.inputs[1]
    guard second.rank == first.rank, Shape.broadcast([first, second]) != nil else {
      throw LayerProblem.wrongShape(tensor: "input2", expected: "\(first)", found: second)
    }
    let isNumber = first.rank == 1 && target.count == 1 && target.rank <= 1
    guard isNumber || target.rank == first.rank - 1, let rows = Self.rows(operands.inputs) else {
      throw LayerProblem.wrongShape(
        tensor: "target", expected: first.rank == 1 ? "[]" : "[\(first[0])]", found: target)
    }
    return rows.shape
  }

  /// The vectors, and the targets as vectors of one element.
  private static func rows(_ inputs: [Shape]) -> VectorRows? {
    let target = inputs[0].rank == 1 ? [1] : Shape(inputs[2].extents + [1])
    return VectorRows([inputs[0], inputs[1], target])
  }

  private static func established<S: Scalar>(_ operands: Operands<S>) -> VectorRows {
    guard let rows = rows(operands.inputs.map(\.shape)) else {
      preconditionFailure("the shapes were not checked")
    }
    return rows
  }

  // MARK: Definition

  public func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let rows = Self.established(operands)
    let values = (0..<rows.shape.count).map { row -> S in
      let cosine = Cosine(operands.inputs, rows, row, epsilon: S(epsilon)).value
      switch operands.inputs[2][rows.offset(2, row: row, 0)].value {
      case 1: return .one - cosine
      case -1: return .hinge(cosine - S(margin))
      default: return .zero
      }
    }
    return Tensor(rows.shape, values)
  }

  // MARK: Backward

  /// ∂c/∂x₁ = x₂/√(q₁q₂) − c·q₂/(q₁q₂)·x₁, qₖ = Σ xₖ² + ε, and so with 1 and 2 exchanged.
  public func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    let rows = Self.established(operands)
    let x = operands.inputs
    var gradients = x.enumerated().map { input, x in
      input < 2 && wanted.inputs.contains(input) ? Tensor(x.shape, repeating: S.zero) : nil
    }
    for row in 0..<rows.shape.count {
      let cosine = Cosine(x, rows, row, epsilon: S(epsilon))
      let slope: S
      switch x[2][rows.offset(2, row: row, 0)].value {
      case 1: slope = -.one
      case -1: slope = .hingeSlope(.one, at: cosine.value - S(margin))
      default: continue
      }
      let s = upstream[row] * slope
      for (own, other) in [(0, 1), (1, 0)] where wanted.inputs.contains(own) {
        for i in 0..<rows.length(0, 1) {
          gradients[own]?[rows.offset(own, row: row, i)] +=
            s / cosine.norm * x[other][rows.offset(other, row: row, i)]
        }
        let shrinking = s * cosine.value / cosine.norm / cosine.norm * cosine.squares[other]
        for i in 0..<rows.length(own) {
          let offset = rows.offset(own, row: row, i)
          gradients[own]?[offset] += -(shrinking * x[own][offset])
        }
      }
    }
    return Gradients(inputs: gradients)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[6, 5], [6, 5], [6]]),
      LayerExample(
        "sum, a margin", ["margin": 0.25, "reduction": "sum"], inputs: [[7, 3], [7, 3], [7]]),
      LayerExample(
        "each sample, a negative margin", ["margin": -0.5, "reduction": "none"],
        inputs: [[9, 4], [9, 4], [9]]),
      LayerExample("no batch axis", ["reduction": "none"], inputs: [[5], [5], []]),
      LayerExample("no batch axis, one target", inputs: [[5], [5], [1]]),
      LayerExample("one vector for all samples", inputs: [[1, 4], [5, 4], [5]]),
      LayerExample("one target for all samples", inputs: [[5, 4], [5, 4], [1]]),
      LayerExample("an older flag", ["size_average": false], inputs: [[2, 3], [2, 3], [2]]),
      LayerExample("no sample", ["reduction": "sum"], inputs: [[0, 4], [0, 4], [0]]),
      LayerExample(
        "images", inputs: [[2, 3, 4], [2, 3, 4], [2, 3]],
        refused: .wrongShape(tensor: "input1", expected: "(D) or (N, D)", found: [2, 3, 4])),
      LayerExample(
        "vectors of other lengths", inputs: [[5, 4], [5, 3], [5]],
        refused: .wrongShape(tensor: "input2", expected: "[5, 4]", found: [5, 3])),
      LayerExample(
        "targets of other samples", inputs: [[5, 4], [5, 4], [4]],
        refused: .wrongShape(tensor: "target", expected: "[5]", found: [4])),
    ]
  }
}

/// The cosine between two vectors.
private struct Cosine<S: Scalar> {
  /// q₁ and q₂, the sums of squares, and ε.
  let squares: [S]
  /// √(q₁·q₂).
  let norm: S
  /// c.
  let value: S

  init(_ x: [Tensor<S>], _ rows: VectorRows, _ row: Int, epsilon: S) {
    var product = S.zero
    for i in 0..<rows.length(0, 1) {
      product += x[0][rows.offset(0, row: row, i)] * x[1][rows.offset(1, row: row, i)]
    }
    squares = (0..<2).map { input in
      var square = S.zero
      for i in 0..<rows.length(input) {
        let element = x[input][rows.offset(input, row: row, i)]
        square += element * element
      }
      return square + epsilon
    }
    norm = .squareRoot(squares[0] * squares[1])
    value = product / norm
  }
}
