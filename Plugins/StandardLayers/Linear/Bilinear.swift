// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.Bilinear (2.13).

public import Kernels
public import LayerKit
public import Tensors

/// A map that is linear in each of two inputs.
///
///     y[n,o] = b[o] + Σ_i Σ_j w[o,i,j] · x₁[n,i] · x₂[n,j]
///
/// - Shapes: x₁ [..., I], x₂ [..., J], w [O, I, J], b [O] → y [..., O]; n runs over all axes but the
///   last, which are the same for both inputs
/// - Kinks: none. Linear in x₁, in x₂, in w and in b.
public struct Bilinear: Layer {
  // MARK: Kind

  public static let signature = Signature(
    kind: "Bilinear", inputs: [.init("input1"), .init("input2")],
    parameters: [.init("weight"), .init("bias", optional: true)])

  // MARK: Hyper-parameters

  private let declared: DeclaredSizes

  public init(_ hyperparameters: inout HyperparameterReader) {
    declared = hyperparameters.declaredSizes(
      "in1_features", "in2_features", "out_features", "bias")
    hyperparameters.ignore("device", "dtype")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let (first, second) = (operands.inputs[0], operands.inputs[1])
    let w = operands.parameters["weight"] ?? .scalar
    guard let i = first.extents.last, i > 0 else {
      throw LayerProblem.wrongShape(tensor: "input1", expected: "(..., I)", found: first)
    }
    let rows = first.extents.dropLast()
    guard let j = second.extents.last, j > 0, second.extents.dropLast() == rows else {
      let expected = (rows.map { "\($0)" } + ["J"]).joined(separator: ", ")
      throw LayerProblem.wrongShape(tensor: "input2", expected: "(\(expected))", found: second)
    }
    guard w.rank == 3, w[1] == i, w[2] == j else {
      throw LayerProblem.wrongShape(
        tensor: "parameters/weight", expected: "(O, \(i), \(j))", found: w)
    }
    try operands.checkParameter("bias", is: [w[0]], called: "(\(w[0]),)")
    try declared.check("in1_features", equals: i)
    try declared.check("in2_features", equals: j)
    try declared.check("out_features", equals: w[0])
    try declared.check("bias", equals: operands.parameters["bias"] != nil)
    return [Shape(rows + [w[0]])]
  }

  /// The extents of accepted operands.
  private struct Plan {
    let rows: Int
    let outputs: Int
    let first: Int
    let second: Int
    let y: Shape

    init<S>(_ operands: Operands<S>) {
      let x = operands.inputs[0].shape
      let w = operands.parameter("weight").shape
      rows = x.extents.dropLast().reduce(1, *)
      (outputs, first, second) = (w[0], w[1], w[2])
      y = Shape(x.extents.dropLast() + [w[0]])
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let plan = Plan(operands)
    let (x1, x2) = (operands.inputs[0], operands.inputs[1])
    let w = operands.parameter("weight")
    var y = Tensor(plan.y, repeating: S.zero)
    for n in 0..<plan.rows {
      for o in 0..<plan.outputs {
        var sum = operands.parameters["bias"]?[o] ?? .zero
        for i in 0..<plan.first {
          for j in 0..<plan.second {
            sum += w[o, i, j] * x1[n * plan.first + i] * x2[n * plan.second + j]
          }
        }
        y[n * plan.outputs + o] = sum
      }
    }
    return Results(y)
  }

  // MARK: Forward

  /// Y = Z·Wᵀ + b for the products z[n,ij] = x₁[n,i]·x₂[n,j].
  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let plan = Plan(operands)
    var y = MatrixProduct.multiply(
      products(operands, plan), transposed: false, operands.parameter("weight").elements,
      transposed: true, m: plan.rows, n: plan.outputs, k: plan.first * plan.second)
    if let bias = operands.parameters["bias"]?.elements {
      for row in 0..<plan.rows {
        for o in 0..<plan.outputs { y[row * plan.outputs + o] += bias[o] }
      }
    }
    return Results(Tensor(plan.y, y))
  }

  private func products<S: KernelScalar>(_ operands: Operands<S>, _ plan: Plan) -> [S] {
    let (x1, x2) = (operands.inputs[0], operands.inputs[1])
    return Array(count: plan.rows * plan.first * plan.second) { index in
      x1[index / plan.second]
        * x2[index / (plan.first * plan.second) * plan.second + index % plan.second]
    }
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let plan = Plan(operands)
    let w = operands.parameter("weight")
    let dy = upstream[0].elements
    let pairs = plan.first * plan.second
    var gradients = Gradients<S>(inputs: [nil, nil])
    // dW = dYᵀ·Z
    if wanted.parameters.contains("weight") {
      gradients.parameters["weight"] = Tensor(
        w.shape,
        MatrixProduct.multiply(
          dy, transposed: true, products(operands, plan), m: plan.outputs, n: pairs, k: plan.rows))
    }
    // db[o] = Σ_n dy[n,o]
    if wanted.parameters.contains("bias"), let bias = operands.parameters["bias"] {
      gradients.parameters["bias"] = Tensor(
        bias.shape, Reduction.channelSums(dy, batch: plan.rows, channels: plan.outputs, area: 1))
    }
    guard !wanted.inputs.isEmpty else { return gradients }
    // dZ = dY·W, dx₁[n,i] = Σ_j dz[n,ij]·x₂[n,j], dx₂[n,j] = Σ_i dz[n,ij]·x₁[n,i]
    let dz = MatrixProduct.multiply(dy, w.elements, m: plan.rows, n: pairs, k: plan.outputs)
    let (x1, x2) = (operands.inputs[0], operands.inputs[1])
    var (dx1, dx2) = (x1.map { _ in S.zero }, x2.map { _ in S.zero })
    for (index, dz) in dz.enumerated() {
      let first = index / plan.second
      let second = index / pairs * plan.second + index % plan.second
      dx1[first] += dz * x2[second]
      dx2[second] += dz * x1[first]
    }
    if wanted.inputs.contains(0) { gradients.inputs[0] = dx1 }
    if wanted.inputs.contains(1) { gradients.inputs[1] = dx2 }
    return gradients
  }

  // MARK: Bound

  /// Each term is a product of three factors; a part of it may be stored on the way, and two factors
  /// of each of the two products may be shortened.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let plan = Plan(question.operands)
    let terms: Int
    switch question.tensor {
    case .parameterGradient("bias"):
      return .sum(
        terms: max(0, plan.rows - 1), magnitude: magnitude(question), products: false)
    case .parameterGradient: terms = plan.rows
    case .inputGradient(0): terms = plan.outputs * plan.second
    case .inputGradient: terms = plan.outputs * plan.first
    case .output, .buffer: terms = plan.first * plan.second + 1
    }
    return productSum(question, terms: terms + 1, stores: 6)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    func example(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], inputs: [Shape],
      weight: Shape = [4, 2, 3], bias: Shape? = nil, refused problem: LayerProblem? = nil
    ) -> LayerExample {
      var parameters = ["weight": weight]
      parameters["bias"] = bias
      return LayerExample(
        name, hyperparameters, inputs: inputs, parameters: parameters, refused: problem)
    }
    return [
      example(
        "a batch", ["in1_features": 2, "in2_features": 3, "out_features": 4],
        inputs: [[5, 2], [5, 3]], bias: [4]),
      example("one sample without a batch axis", inputs: [[2], [3]], bias: [4]),
      example("more axes, no bias", ["bias": false], inputs: [[2, 3, 2], [2, 3, 3]]),
      example("no sample", inputs: [[0, 2], [0, 3]], bias: [4]),
      example(
        "one feature", inputs: [[3, 1], [3, 1]], weight: [1, 1, 1], bias: [1]),
      example(
        "other samples", inputs: [[5, 2], [4, 3]],
        refused: .wrongShape(tensor: "input2", expected: "(5, J)", found: [4, 3])),
      example(
        "a scalar", inputs: [.scalar, [3]],
        refused: .wrongShape(tensor: "input1", expected: "(..., I)", found: .scalar)),
      example(
        "exchanged inputs", inputs: [[5, 3], [5, 2]],
        refused: .wrongShape(
          tensor: "parameters/weight", expected: "(O, 3, 2)", found: [4, 2, 3])),
      example(
        "a bias of an input", inputs: [[5, 2], [5, 3]], bias: [3],
        refused: .wrongShape(tensor: "parameters/bias", expected: "(4,)", found: [3])),
      example(
        "a declared size that is not so", ["in2_features": 2], inputs: [[5, 2], [5, 3]],
        refused: .contradiction(hyperparameter: "in2_features", declared: 2, tensors: 3)),
      example(
        "one input", inputs: [[5, 2]], refused: .inputCount(allowed: 2...2, found: 1)),
    ]
  }
}
