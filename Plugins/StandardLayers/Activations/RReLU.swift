// Source: torch.nn.RReLU (2.13); B. Xu, N. Wang, T. Chen, M. Li 2015. Chance is not repeated: the
// slopes that were drawn are given.

public import Kernels
public import LayerKit
public import Tensors

/// The rectified linear unit with a random slope for negative numbers.
///
///     training:    y = x where x > 0, otherwise noise·x
///                  dx = dy where x > 0, otherwise noise·dy
///     evaluation:  LeakyReLU with the slope (lower + upper)/2
///
/// - Shapes: x and noise of one shape → y of the same shape.
/// - Kinks: at 0 the derivative is taken to be the slope, which is another for each element.
/// - NaN: stays NaN.
///
/// `auxiliary/noise` holds the slope that was drawn for each number that is not positive; what it
/// holds elsewhere (PyTorch: 1) is not used.
public struct RReLU: Layer {
  public static let signature = Signature(
    kind: "RReLU", auxiliary: [.init("noise", .probabilities, optional: true)],
    traits: [.elementwise, .dependsOnTraining])

  // MARK: Hyper-parameters

  /// The smallest slope; 1/8 by default.
  public let lower: Double
  /// The largest slope, not below the smallest; 1/3 by default.
  public let upper: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    lower = hyperparameters.real("lower", default: 1.0 / 8)
    upper = hyperparameters.real("upper", default: 1.0 / 3)
    hyperparameters.ignore("inplace")
    if upper < lower {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "upper", allowed: "\(lower) or more, as `lower` is",
          found: .real(upper)))
    }
  }

  /// The layer in evaluation.
  private var mean: LeakyReLU { LeakyReLU(negativeSlope: (lower + upper) / 2) }

  /// The slopes; nil where the mean holds.
  private func noise<S>(_ operands: Operands<S>) -> Tensor<S>? {
    operands.isTraining ? operands.auxiliary["noise"] : nil
  }

  // MARK: Shapes

  /// The slopes are needed in training alone, and only where chance had a choice.
  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard let noise = operands.auxiliary["noise"] else {
      guard !operands.isTraining || lower == upper else {
        throw LayerProblem.missingTensor("auxiliary/noise")
      }
      return [x]
    }
    guard noise == x else {
      throw LayerProblem.wrongShape(tensor: "auxiliary/noise", expected: "\(x)", found: noise)
    }
    return [x]
  }

  /// The slopes that are used lie between the limits.
  ///
  /// A slope may have been drawn and stored in single precision although the layer computes in
  /// double: the limits are taken a little wider than either format rounds them.
  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    guard let noise = noise(operands) else { return }
    let x = operands.inputs[0]
    let unit = max(operands.format.unitRoundoff, NumberFormat.float32.unitRoundoff)
    let (low, high) = (lower - 2 * unit * lower.magnitude, upper + 2 * unit * upper.magnitude)
    for offset in 0..<x.count where x[offset] <= 0 {
      let slope = noise[offset].value
      guard slope >= low, slope <= high else {
        throw LayerProblem.wrongValue(
          tensor: "auxiliary/noise", index: x.shape.index(at: offset), value: slope,
          allowed: "a slope from \(lower) to \(upper)")
      }
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    guard let noise = noise(operands) else { return mean.define(operands) }
    return Results(operands.inputs[0].zip(noise) { x, slope in x > .zero ? x : slope * x })
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    guard let noise = noise(operands) else {
      return mean.backward(operands, upstream: upstream, wanted: wanted)
    }
    let slopes = operands.inputs[0].zipInParallel(noise) { x, slope in
      x > .zero || x.isNaN ? S.one : slope
    }
    return Gradients(input: slopes.zipInParallel(upstream[0]) { $0 * $1 })
  }

  // MARK: Bound

  /// One product: γ(1)·|y| + η.
  ///
  /// Nothing is rounded where x > 0. In evaluation the bound is that of LeakyReLU.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard noise(question.operands) != nil else { return mean.bound(question) }
    let rounding = question.rounding
    let x = question.operands.inputs[0]
    return .elementwise(
      x.zipInParallel(question.computed) { x, y in
        x > 0 || y == 0 ? 0 : rounding.gamma(1) * y.magnitude + rounding.underflow
      })
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("evaluation", inputs: [[2, 3, 4, 5]]),
      LayerExample("evaluation, a scalar", ["lower": 0.1, "upper": 0.9], inputs: [[]]),
      LayerExample("evaluation with slopes", inputs: [[3, 4]], auxiliary: ["noise": [3, 4]]),
      training("every rank, 0", ["lower": 0, "upper": 1], [], noise: []),
      training("every rank, 1", ["lower": 0, "upper": 1, "inplace": true], [7], noise: [7]),
      training("every rank, 4", ["lower": -0.5, "upper": 2], [2, 3, 4, 5], noise: [2, 3, 4, 5]),
      training("no batch", ["lower": 0, "upper": 1], [0, 3], noise: [0, 3]),
      training("one slope", ["lower": 0.3, "upper": 0.3], [3, 4], noise: nil),
      training("no slopes", [:], [3, 4], noise: nil, refused: .missingTensor("auxiliary/noise")),
      training(
        "slopes of another shape", [:], [3, 4], noise: [4],
        refused: .wrongShape(tensor: "auxiliary/noise", expected: "[3, 4]", found: [4])),
      LayerExample(
        "crossed limits", ["lower": 0.5, "upper": 0.25], inputs: [[2]],
        refused: .outOfRange(
          hyperparameter: "upper", allowed: "0.5 or more, as `lower` is", found: 0.25)),
    ]
  }

  private static func training(
    _ name: String, _ hyperparameters: [String: HyperparameterValue], _ input: Shape,
    noise: Shape?, refused problem: LayerProblem? = nil
  ) -> LayerExample {
    LayerExample(
      "training: \(name)", hyperparameters, inputs: [input],
      auxiliary: noise.map { ["noise": $0] } ?? [:], isTraining: true, refused: problem)
  }
}
