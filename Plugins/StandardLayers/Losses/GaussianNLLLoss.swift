// Source: torch.nn.GaussianNLLLoss (2.13); D. A. Nix and A. S. Weigend, *Estimating the Mean and
// Variance of the Target Probability Distribution*, 1994.

public import Kernels
public import LayerKit
public import Tensors

/// Negative logarithm of a normal density with the expectation x and the variance v, at t.
///
///     value = ½·(log v + (x − t)²/v), and ½·log 2π with `full`
///
/// Variances less than ε count as ε in the value, while their gradient is that of v = ε: the clamp
/// passes it on.
/// - Shapes: x and t of any shapes that stretch to a common one; v of the shape of x, of that
///   shape without its last axis, or with one extent of 1, or one number → scalar, or the common
///   shape for the reduction `none`
/// - Kinks: none.
public struct GaussianNLLLoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "GaussianNLLLoss",
    inputs: [.init("input"), .init("target"), .init("var", .positiveNumbers)],
    traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// Whether ½·log 2π is added; default false.
  private let isFull: Bool
  /// ε, the least variance; default 1e-6.
  private var epsilon: Double
  private var halfLogTwoPi = 0x1.d67f1c864beb4p-1

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.word("reduction", default: .mean)
    isFull = hyperparameters.boolean("full", default: false)
    epsilon = hyperparameters.real("eps", default: 1e-6)
  }

  public func rounded(to format: NumberFormat) -> GaussianNLLLoss {
    var rounded = self
    rounded.epsilon = format.rounded(epsilon)
    rounded.halfLogTwoPi = format.rounded(halfLogTwoPi)
    return rounded
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let (x, variance) = (operands.inputs[0], operands.inputs[2])
    guard Self.stretchedVariance(variance, to: x) != nil else {
      throw LayerProblem.wrongShape(
        tensor: "var", expected: "\(x), the same without its last axis, or with one extent of 1",
        found: variance)
    }
    var operands = operands
    operands.inputs.removeLast()
    return try stretchedShape(operands)
  }

  /// The shape under which a variance stretches to x; nil where it does not fit.
  private static func stretchedVariance(_ variance: Shape, to x: Shape) -> Shape? {
    if variance == x { return variance }
    if variance.count == 1, variance.rank <= 1 { return .scalar }
    if variance.extents == x.extents.dropLast() { return Shape(variance.extents + [1]) }
    guard variance.rank == x.rank else { return nil }
    let differing = variance.extents.indices.filter { variance[$0] != x[$0] }
    return differing.count == 1 && variance[differing[0]] == 1 ? variance : nil
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    let variance = operands.inputs[2]
    for offset in 0..<variance.count where variance[offset] < 0 {
      throw LayerProblem.wrongValue(
        tensor: "var", index: variance.shape.index(at: offset), value: variance[offset].value,
        allowed: "a variance of 0 or more")
    }
  }

  // MARK: Definition

  public func values<S: Scalar>(_ operands: Operands<S>) -> Tensor<S> {
    let elements = LossElements(stretched(operands))
    return Tensor(elements.shape, (0..<elements.shape.count).map { value(elements[$0]) })
  }

  /// The operands with a variance that stretches.
  private func stretched<S: Scalar>(_ operands: Operands<S>) -> Operands<S> {
    let variance = operands.inputs[2]
    let shape = Self.stretchedVariance(variance.shape, to: operands.inputs[0].shape)
    var operands = operands
    operands.inputs[2] = variance.reshaped(to: shape ?? variance.shape)
    return operands
  }

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    let d = element.input - element.target
    let v = clamped(element)
    var value = S.log(v)
    value += d * d / v
    value = S(0.5) * value
    if isFull { value += S(halfLogTwoPi) }
    return value
  }

  /// max(v, ε) with the derivative 1 throughout: ε + (v − its value).
  private func clamped<S: Scalar>(_ element: LossElement<S>) -> S {
    guard let v = element.third else { preconditionFailure("the signature has three inputs") }
    return v < S(epsilon) ? S(epsilon) + (v - S(v.value)) : v
  }

  // MARK: Backward

  public func gradients<S: Scalar>(
    _ operands: Operands<S>, upstream: Tensor<S>, wanted: GradientRequest
  ) -> Gradients<S> {
    let variance = operands.inputs[2].shape
    var gradients = elementGradients(stretched(operands), upstream: upstream, wanted: wanted)
    gradients.inputs[2] = gradients.inputs[2]?.reshaped(to: variance)
    return gradients
  }

  /// ∂/∂x = (½/v)·2d, ∂/∂t = −(½/v)·2d, ∂/∂v = ½·(1/v − d²/v²),  d = x − t.
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let d = element.input - element.target
    let v = clamped(element)
    let slope = S(0.5) / v * (S(2) * d)
    var variance = .one / v
    variance += -(d * d / v / v)
    return LossSlopes(input: slope, target: -slope, third: S(0.5) * variance)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[3, 4], [3, 4], [3, 4]]),
      LayerExample(
        "full sum, one variance for each sample", ["full": true, "reduction": "sum"],
        inputs: [[3, 4], [3, 4], [3, 1]]),
      LayerExample(
        "each element, a variance without the last axis", ["reduction": "none"],
        inputs: [[2, 3, 4], [2, 3, 4], [2, 3]]),
      LayerExample(
        "one variance for all samples, small ones clamped", ["eps": 1.0],
        inputs: [[5, 3], [5, 3], [1, 3]]),
      LayerExample("a target for all samples", inputs: [[5, 3], [3], [5, 3]]),
      LayerExample("one number", ["full": true], inputs: [[], [], []]),
      LayerExample("one variance", inputs: [[4], [4], []]),
      LayerExample("one number, one variance", inputs: [[], [], [1]]),
      LayerExample("no sample", ["reduction": "sum"], inputs: [[0, 4], [0, 4], [0, 4]]),
      LayerExample(
        "a variance of other extents", inputs: [[3, 4], [3, 4], [4]],
        refused: .wrongShape(
          tensor: "var",
          expected: "[3, 4], the same without its last axis, or with one extent of 1",
          found: [4])),
      LayerExample(
        "no variance", inputs: [[3, 4], [3, 4]], refused: .inputCount(allowed: 3...3, found: 2)),
      LayerExample(
        "a target of another shape", inputs: [[3, 4], [3], [3, 4]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
    ]
  }
}
