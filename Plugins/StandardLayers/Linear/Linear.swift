// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.Linear (2.13). Samples are rows; the weights have one row for each output.

public import Kernels
public import LayerKit
public import Tensors

/// Affine map of the last axis: a fully connected layer.
///
///     y[n,o] = b[o] + Σ_i w[o,i] · x[n,i]
///
/// - Shapes: x [..., I], w [O, I], b [O] → y [..., O]; n runs over all axes but the last
/// - Kinks: none. Linear in x, in w, in b.
public struct Linear: Layer {
  // MARK: Kind

  public static let signature = Signature(
    kind: "Linear", parameters: [.init("weight"), .init("bias", optional: true)])

  // MARK: Hyper-parameters

  private let declared: DeclaredSizes

  public init(_ hyperparameters: inout HyperparameterReader) {
    declared = hyperparameters.declaredSizes("in_features", "out_features", "bias")
    hyperparameters.ignore("device", "dtype")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    let w = operands.parameters["weight"] ?? .scalar
    guard let features = x.extents.last else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(..., I)", found: x)
    }
    guard w.rank == 2, w[1] == features else {
      throw LayerProblem.wrongShape(
        tensor: "parameters/weight", expected: "(O, \(features))", found: w)
    }
    try operands.checkParameter("bias", is: [w[0]], called: "(\(w[0]),)")
    try declared.check("in_features", equals: w[1])
    try declared.check("out_features", equals: w[0])
    try declared.check("bias", equals: operands.parameters["bias"] != nil)
    return [Self.output(x, w)]
  }

  /// The number of samples: the extents of all axes but the last.
  static func rows(_ x: Shape) -> Int { x.extents.dropLast().reduce(1, *) }

  private static func output(_ x: Shape, _ w: Shape) -> Shape {
    Shape(x.extents.dropLast() + [w[0]])
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let w = operands.parameter("weight")
    let bias = operands.parameters["bias"]
    let (outputs, inputs) = (w.shape[0], w.shape[1])
    var y = Tensor(Self.output(x.shape, w.shape), repeating: S.zero)
    for n in 0..<Self.rows(x.shape) {
      for o in 0..<outputs {
        var sum = bias?[o] ?? .zero
        for i in 0..<inputs { sum += w[o, i] * x[n * inputs + i] }
        y[n * outputs + o] = sum
      }
    }
    return Results(y)
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let x = operands.inputs[0]
    let w = operands.parameter("weight")
    let (outputs, inputs) = (w.shape[0], w.shape[1])
    let rows = Self.rows(x.shape)
    // Y = X·Wᵀ, then + b.
    var y = MatrixProduct.multiply(
      x.elements, transposed: false, w.elements, transposed: true, m: rows, n: outputs, k: inputs)
    if let bias = operands.parameters["bias"]?.elements {
      for row in 0..<rows {
        for o in 0..<outputs { y[row * outputs + o] += bias[o] }
      }
    }
    return Results(Tensor(Self.output(x.shape, w.shape), y))
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let x = operands.inputs[0]
    let w = operands.parameter("weight")
    let dy = upstream[0].elements
    let (outputs, inputs) = (w.shape[0], w.shape[1])
    let rows = Self.rows(x.shape)
    var gradients = Gradients<S>(inputs: [nil])
    // dX = dY·W
    if wanted.inputs.contains(0) {
      gradients.inputs[0] = Tensor(
        x.shape, MatrixProduct.multiply(dy, w.elements, m: rows, n: inputs, k: outputs))
    }
    // dW = dYᵀ·X
    if wanted.parameters.contains("weight") {
      gradients.parameters["weight"] = Tensor(
        w.shape,
        MatrixProduct.multiply(
          dy, transposed: true, x.elements, m: outputs, n: inputs, k: rows))
    }
    // db[o] = Σ_n dy[n,o]
    if wanted.parameters.contains("bias"), let bias = operands.parameters["bias"] {
      gradients.parameters["bias"] = Tensor(
        bias.shape,
        Reduction.channelSums(dy, batch: rows, channels: outputs, area: 1))
    }
    return gradients
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let w = question.operands.parameter("weight").shape
    let rows = Self.rows(question.operands.inputs[0].shape)
    let magnitudes = LinearMagnitude(question)
    switch question.tensor {
    case .inputGradient:
      return .sum(terms: w[0], magnitude: magnitudes.inputGradient)
    case .parameterGradient("bias"):
      return .sum(terms: max(0, rows - 1), magnitude: magnitude(question), products: false)
    case .parameterGradient:
      return .accumulated(terms: rows, magnitude: magnitudes.weightGradient, products: true)
    case .output, .buffer:
      return .sum(terms: w[1] + 1, magnitude: magnitudes.output)
    }
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    func example(
      _ name: String, _ hyperparameters: [String: HyperparameterValue] = [:], input: Shape,
      weight: Shape, bias: Shape? = nil, refused problem: LayerProblem? = nil
    ) -> LayerExample {
      var parameters = ["weight": weight]
      parameters["bias"] = bias
      return LayerExample(
        name, hyperparameters, inputs: [input], parameters: parameters, refused: problem)
    }
    return [
      example("a batch", ["in_features": 5], input: [3, 5], weight: [4, 5], bias: [4]),
      example("one sample without a batch axis", input: [5], weight: [3, 5], bias: [3]),
      example("more axes, no bias", ["bias": false], input: [2, 3, 4], weight: [5, 4]),
      example("more than a basis", input: [33, 7], weight: [13, 7], bias: [13]),
      example("no sample", input: [0, 4], weight: [2, 4], bias: [2]),
      example("no feature", input: [3, 0], weight: [2, 0], bias: [2]),
      example("no output", input: [3, 4], weight: [0, 4], bias: [0]),
      example(
        "a scalar input", input: .scalar, weight: [2, 1],
        refused: .wrongShape(tensor: "input", expected: "(..., I)", found: .scalar)),
      example(
        "weights I O instead of O I", input: [3, 5], weight: [5, 4],
        refused: .wrongShape(
          tensor: "parameters/weight", expected: "(O, 5)", found: [5, 4])),
      example(
        "a bias of the inputs", input: [3, 5], weight: [4, 5], bias: [5],
        refused: .wrongShape(tensor: "parameters/bias", expected: "(4,)", found: [5])),
      example(
        "a declared size that is not so", ["out_features": 5], input: [3, 5], weight: [4, 5],
        refused: .contradiction(hyperparameter: "out_features", declared: 5, tensors: 4)),
    ]
  }
}
