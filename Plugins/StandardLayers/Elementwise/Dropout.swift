// Source: torch.nn.Dropout (2.13). Chance is not repeated: the mask that was drawn is given.

public import Kernels
public import LayerKit
public import Tensors

/// The layer that zeroes random elements while training, given the mask that was drawn.
///
///     training:    y = x·mask/(1 − p)          dx = dy·mask/(1 − p)          0 where p = 1
///     evaluation:  y = x                       dx = dy
///
/// - Shapes: x of any shape → y of the same shape; the mask broadcasts to it.
/// - Kinks: none. Linear in x. NaN stays NaN, under a mask of 0 as well.
public struct Dropout: Layer {
  public static let signature = Signature(
    kind: "Dropout", auxiliary: [.init("mask", .mask, optional: true)],
    traits: [.elementwise, .dependsOnTraining])

  // MARK: Hyper-parameters

  /// The probability that an element is zeroed; 0.5 by default.
  public let probability: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    probability = hyperparameters.real("p", default: 0.5, in: 0...1)
    hyperparameters.ignore("inplace")
  }

  /// The factor 1/(1 − p) of what is kept, rounded once; 0 where nothing is kept.
  private var scale: Double { probability == 1 ? 0 : 1 / (1 - probability) }

  /// Whether the mask cannot be known from p: where p is 0 or 1 it is not needed.
  private var needsMask: Bool { probability > 0 && probability < 1 }

  // MARK: Shapes

  /// A mask is needed in training alone, and only where chance had a choice.
  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard let mask = operands.auxiliary["mask"] else {
      guard !operands.isTraining || !needsMask else {
        throw LayerProblem.missingTensor("auxiliary/mask")
      }
      return [x]
    }
    guard Shape.broadcast([x, mask]) == x else {
      throw LayerProblem.wrongShape(
        tensor: "auxiliary/mask", expected: "one that broadcasts to \(x)", found: mask)
    }
    return [x]
  }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    guard let mask = operands.auxiliary["mask"] else { return }
    for (offset, value) in mask.elements.enumerated() where value != 0 && value != 1 {
      throw LayerProblem.wrongValue(
        tensor: "auxiliary/mask", index: mask.shape.index(at: offset), value: value.value,
        allowed: "0 or 1")
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(applied(to: operands.inputs[0], operands))
  }

  // MARK: Backward

  /// The layer is diagonal: the gradient is what it makes of dy.
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    return Gradients(input: applied(to: upstream[0], operands))
  }

  private func applied<S: Scalar>(to x: Tensor<S>, _ operands: Operands<S>) -> Tensor<S> {
    guard operands.isTraining, scale != 1 || operands.auxiliary["mask"] != nil else { return x }
    let scale = S(scale)
    guard let mask = operands.auxiliary["mask"] else { return x.mapInParallel { $0 * scale } }
    return Broadcasting.combine(x, mask) { $0 * $1 * scale }
  }

  // MARK: Bound

  /// γ(3)·|y| + η; equal bits where the factor is a power of two.
  ///
  /// Frameworks multiply by the rounded factor, divide by the rounded 1 − p, or round
  /// mask/(1 − p) first: at most three roundings.
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    guard question.operands.isTraining, scale != 0, scale.significand != 1 else { return .exact }
    let factor = question.rounding.gamma(3)
    let underflow = question.rounding.underflow
    return .elementwise(
      question.computed.mapInParallel { $0 == 0 ? 0 : factor * $0.magnitude + underflow })
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("evaluation", inputs: [[2, 3, 4, 5]]),
      LayerExample("evaluation with a mask", inputs: [[3, 4]], auxiliary: ["mask": [3, 4]]),
      training("half", [:], [2, 3, 4, 5], mask: [2, 3, 4, 5]),
      training("a scalar", ["p": 0.2], [], mask: []),
      training("one axis", ["p": 0.9, "inplace": true], [7], mask: [7]),
      training("whole channels", ["p": 0.3], [2, 3, 4, 5], mask: [2, 3, 1, 1]),
      training("one mask for the batch", ["p": 0.1], [3, 2, 5], mask: [2, 5]),
      training("five axes", ["p": 0.7], [2, 1, 3, 2, 4], mask: [2, 1, 3, 2, 4]),
      training("everything kept", ["p": 0], [3, 4], mask: [3, 4]),
      training("nothing kept", ["p": 1], [3, 4], mask: [3, 4]),
      training("nothing kept, no mask", ["p": 1], [3, 4], mask: nil),
      training(
        "no mask", [:], [3, 4], mask: nil, refused: .missingTensor("auxiliary/mask")),
      training(
        "a mask of another shape", [:], [3, 4], mask: [3],
        refused: .wrongShape(
          tensor: "auxiliary/mask", expected: "one that broadcasts to [3, 4]", found: [3])),
      training(
        "a mask larger than the input", [:], [1, 4], mask: [3, 4],
        refused: .wrongShape(
          tensor: "auxiliary/mask", expected: "one that broadcasts to [1, 4]", found: [3, 4])),
      LayerExample(
        "no probability", ["p": 1.5], inputs: [[2]],
        refused: .outOfRange(hyperparameter: "p", allowed: "0.0 to 1.0", found: 1.5)),
    ]
  }

  private static func training(
    _ name: String, _ hyperparameters: [String: HyperparameterValue], _ input: Shape,
    mask: Shape?, refused problem: LayerProblem? = nil
  ) -> LayerExample {
    LayerExample(
      "training: \(name)", hyperparameters, inputs: [input],
      auxiliary: mask.map { ["mask": $0] } ?? [:], isTraining: true, refused: problem)
  }
}
