// Source: torch.nn.PReLU (2.13); K. He, X. Zhang, S. Ren, J. Sun 2015.

public import Kernels
public import LayerKit
public import Tensors

/// The rectified linear unit that learns the slope for negative numbers.
///
///     y = x where x > 0, otherwise w[c]·x
///     dx = dy where x > 0, otherwise w[c]·dy          dw[c] = Σ_{x ≤ 0} x·dy
///
/// - Shapes: x of any shape, w [1] or, one slope for each channel of axis 1, w [C] → y of the
///   shape of x.
/// - Kinks: at 0 the derivative is taken to be the slope.
/// - NaN: stays NaN.
public struct PReLU: Layer {
  public static let signature = Signature(
    kind: "PReLU", parameters: [.init("weight")])

  // MARK: Hyper-parameters

  private let declared: DeclaredSizes

  public init(_ hyperparameters: inout HyperparameterReader) {
    declared = hyperparameters.declaredSizes("num_parameters")
    hyperparameters.ignore("init", "device", "dtype")
  }

  // MARK: Shapes

  /// One slope, or one for each channel of an input that has channels.
  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    let weight = operands.parameters["weight"] ?? .scalar
    let channels = x.rank > 1 ? x[1] : 1
    guard weight.rank <= 1, weight.count == 1 || weight.count == channels else {
      throw LayerProblem.wrongShape(
        tensor: "parameters/weight", expected: channels == 1 ? "(1,)" : "(1,) or (\(channels),)",
        found: weight)
    }
    try declared.check("num_parameters", equals: weight.count)
    return [x]
  }

  /// The slopes in a shape that stretches to that of the input.
  private func slopes<S: Sendable>(_ operands: Operands<S>) -> Tensor<S> {
    let weight = operands.parameter("weight")
    guard weight.count != 1 else { return weight.reshaped(to: .scalar) }
    let trailing = [Int](repeating: 1, count: operands.inputs[0].shape.rank - 2)
    return weight.reshaped(to: Shape([weight.count] + trailing))
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(
      Broadcasting.combine(operands.inputs[0], slopes(operands)) { x, w in
        x > .zero ? x : w * x
      })
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let x = operands.inputs[0]
    let slopes = slopes(operands)
    var gradients = Gradients<S>(inputs: [nil])
    if wanted.inputs.contains(0) {
      // Where x > 0 the gradient is selected, elsewhere multiplied.
      let factor = Broadcasting.combine(x, slopes) { x, w in x > .zero ? S.one : w }
      gradients.inputs[0] = factor.zipInParallel(upstream[0]) { $0 * $1 }
    }
    if wanted.parameters.contains("weight") {
      let terms = x.zipInParallel(upstream[0]) { x, dy in x > .zero ? S.zero : x * dy }
      let sums = Broadcasting.gradient(of: slopes.shape, from: terms)
      gradients.parameters["weight"] = sums.reshaped(to: operands.parameter("weight").shape)
    }
    return gradients
  }

  // MARK: Bound

  /// The bounds of one product and of a sum of products.
  ///
  /// - y, dx: γ(1)·|w·x| + η and γ(1)·|w·dy| + η where x ≤ 0; nothing is rounded where x > 0.
  /// - dw: γ(n)·Σ_{x ≤ 0} |x·dy| for the n numbers that share a slope.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let x = question.operands.inputs[0]
    if case .parameterGradient = question.tensor {
      let slopes = max(1, question.operands.parameter("weight").count)
      return .sum(terms: max(1, x.count / slopes), magnitude: magnitude(question))
    }
    let rounding = question.rounding
    return .elementwise(
      x.zipInParallel(question.computed) { x, y in
        x > 0 || y == 0 ? 0 : rounding.gamma(1) * y.magnitude + rounding.underflow
      })
  }

  /// Σ_{x ≤ 0} |x·dy|: the same sum for the operands whose products are all negative.
  private func magnitude(_ question: BoundQuestion) -> Tensor<Double> {
    var operands = question.operands
    operands.inputs = [operands.inputs[0].map { $0 > 0 ? $0 : -$0.magnitude }]
    let upstream = question.upstream.map { $0.map { -$0.magnitude } }
    let wanted = GradientRequest(inputs: [], parameters: ["weight"])
    return backward(operands, upstream: upstream, wanted: wanted).parameters["weight"]
      ?? question.computed
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      example("one slope, a scalar", [:], on: [], weight: [1]),
      example("one slope, one axis", ["num_parameters": 1, "init": 0.1], on: [7], weight: [1]),
      example("one slope, an image", [:], on: [2, 3, 4, 5], weight: [1]),
      example("one slope as a scalar", [:], on: [3, 4], weight: []),
      example("a slope for each feature", ["num_parameters": 4], on: [3, 4], weight: [4]),
      example("a slope for each channel", [:], on: [2, 3, 5], weight: [3]),
      example("channels of an image", ["num_parameters": 3], on: [2, 3, 4, 5], weight: [3]),
      example("channels of a volume", [:], on: [2, 3, 1, 4, 2], weight: [3]),
      example("no batch", [:], on: [0, 3, 2], weight: [3]),
      example(
        "slopes for one axis", [:], on: [3], weight: [3],
        refused: .wrongShape(tensor: "parameters/weight", expected: "(1,)", found: [3])),
      example(
        "as many slopes as samples", [:], on: [2, 3], weight: [2],
        refused: .wrongShape(tensor: "parameters/weight", expected: "(1,) or (3,)", found: [2])),
      example(
        "slopes in two axes", [:], on: [2, 3], weight: [3, 1],
        refused: .wrongShape(
          tensor: "parameters/weight", expected: "(1,) or (3,)", found: [3, 1])),
      example(
        "another number of slopes", ["num_parameters": 2], on: [2, 3], weight: [3],
        refused: .contradiction(hyperparameter: "num_parameters", declared: 2, tensors: 3)),
    ]
  }

  private static func example(
    _ name: String, _ hyperparameters: [String: HyperparameterValue], on input: Shape,
    weight: Shape, refused problem: LayerProblem? = nil
  ) -> LayerExample {
    LayerExample(
      name, hyperparameters, inputs: [input], parameters: ["weight": weight], refused: problem)
  }
}
