// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.matmul (2.13), which has the rules of numpy.matmul.

public import Kernels
public import LayerKit
public import Tensors

/// The product of two matrices, two batches of matrices, or vectors.
///
///     y[…,m,n] = Σ_k a[…,m,k] · b[…,k,n]
///
/// A vector on the left is one row, one on the right is one column; that axis then is not there in
/// y. The axes before the last two broadcast, and gradients are summed over those that were
/// stretched.
/// - Shapes: a [..., M, K] or [K], b [..., K, N] or [K] → y [..., M, N], without M or N for a vector
/// - Kinks: none. Linear in each input.
public struct MatMul: Layer {
  // MARK: Kind

  public static let signature = Signature(
    kind: "MatMul", inputs: [.init("input"), .init("other")])

  public init(_ hyperparameters: inout HyperparameterReader) {}

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    [try MatrixBatches(operands.inputs[0], operands.inputs[1]).output]
  }

  private func batches<S>(_ operands: Operands<S>) -> MatrixBatches {
    established { try MatrixBatches(operands.inputs[0].shape, operands.inputs[1].shape) }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let plan = batches(operands)
    let (a, b) = (operands.inputs[0], operands.inputs[1])
    var y = Tensor(plan.output, repeating: S.zero)
    for batch in 0..<plan.count {
      let (firstA, firstB) = (plan.a(batch).lowerBound, plan.b(batch).lowerBound)
      for m in 0..<plan.rows {
        for n in 0..<plan.columns {
          var sum = S.zero
          for k in 0..<plan.depth {
            sum += a[firstA + m * plan.depth + k] * b[firstB + k * plan.columns + n]
          }
          y[(batch * plan.rows + m) * plan.columns + n] = sum
        }
      }
    }
    return Results(y)
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let plan = batches(operands).folded
    let (a, b) = (operands.inputs[0].elements, operands.inputs[1].elements)
    var y: [S] = []
    y.reserveCapacity(plan.output.count)
    for batch in 0..<plan.count {
      y += MatrixProduct.multiply(
        Array(a[plan.a(batch)]), Array(b[plan.b(batch)]), m: plan.rows, n: plan.columns,
        k: plan.depth)
    }
    return Results(Tensor(plan.output, y))
  }

  // MARK: Backward

  /// dA = dY·Bᵀ and dB = Aᵀ·dY, added up over the batches that share a matrix.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let plan = batches(operands).folded
    let (a, b) = (operands.inputs[0].elements, operands.inputs[1].elements)
    let dy = upstream[0].elements
    var (da, db) = ([S](repeating: 0, count: a.count), [S](repeating: 0, count: b.count))
    for batch in 0..<plan.count {
      let part = Array(dy[batch * plan.area..<(batch + 1) * plan.area])
      if wanted.inputs.contains(0) {
        let product = MatrixProduct.multiply(
          part, transposed: false, Array(b[plan.b(batch)]), transposed: true, m: plan.rows,
          n: plan.depth, k: plan.columns)
        for (offset, value) in zip(plan.a(batch), product) { da[offset] += value }
      }
      if wanted.inputs.contains(1) {
        let product = MatrixProduct.multiply(
          Array(a[plan.a(batch)]), transposed: true, part, m: plan.depth, n: plan.columns,
          k: plan.rows)
        for (offset, value) in zip(plan.b(batch), product) { db[offset] += value }
      }
    }
    return Gradients(inputs: [
      wanted.inputs.contains(0) ? Tensor(operands.inputs[0].shape, da) : nil,
      wanted.inputs.contains(1) ? Tensor(operands.inputs[1].shape, db) : nil,
    ])
  }

  // MARK: Bound

  /// γ(terms)·B; where matrices were stretched, a reference may store the parts of the sum.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let plan = batches(question.operands)
    guard case .inputGradient(let index) = question.tensor else {
      return .sum(terms: plan.depth, magnitude: magnitude(question))
    }
    let terms = index == 0 ? plan.columns : plan.rows
    let stretching = plan.stretching(index)
    guard stretching > 1 else { return .sum(terms: terms, magnitude: magnitude(question)) }
    return productSum(question, terms: terms * stretching, stores: 4)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("matrices", inputs: [[3, 5], [5, 4]]),
      LayerExample("two vectors", inputs: [[5], [5]]),
      LayerExample("a vector on the left", inputs: [[5], [2, 5, 3]]),
      LayerExample("a vector on the right", inputs: [[2, 3, 5], [5]]),
      LayerExample("batches", inputs: [[2, 3, 4], [2, 4, 5]]),
      LayerExample("a matrix for all batches", inputs: [[2, 3, 2, 4], [4, 5]]),
      LayerExample("batches on the right alone", inputs: [[3, 4], [2, 2, 4, 1]]),
      LayerExample("batches that broadcast", inputs: [[2, 1, 3, 4], [3, 4, 2]]),
      LayerExample("more than a basis", inputs: [[9, 17], [17, 11]]),
      LayerExample("no batch", inputs: [[0, 3, 4], [4, 2]]),
      LayerExample("sums of no term", inputs: [[3, 0], [0, 2]]),
      LayerExample(
        "a scalar", inputs: [.scalar, [3]],
        refused: .wrongShape(tensor: "input.0", expected: "(..., M, K) or (K)", found: .scalar)),
      LayerExample(
        "a scalar on the right", inputs: [[3], .scalar],
        refused: .wrongShape(tensor: "input.1", expected: "(..., 3, N) or (3)", found: .scalar)),
      LayerExample(
        "sums of other lengths", inputs: [[3, 5], [4, 5]],
        refused: .wrongShape(tensor: "input.1", expected: "(..., 5, N) or (5)", found: [4, 5])),
      LayerExample(
        "batches that do not broadcast", inputs: [[2, 3, 4], [3, 4, 5]],
        refused: .wrongShape(
          tensor: "input.1", expected: "batch axes that broadcast with [2]", found: [3, 4, 5])),
      LayerExample(
        "a hyper-parameter", ["transpose": true], inputs: [[3, 4], [4, 3]],
        refused: .unknownHyperparameter("transpose", closest: nil)),
    ]
  }
}
