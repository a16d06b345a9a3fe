// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.BCELoss (2.13): logarithms are not less than −100 in the value, the divisor of
// the gradient is not less than the single-precision number nearest to 1e-12 (in double precision,
// too), and the gradient of the target has no limit.

public import Kernels
public import LayerKit
import RealModule
public import Tensors

/// Binary cross entropy between probabilities and targets.
///
///     value = −w·(t·log x + (1 − t)·log(1 − x)), each logarithm at least −100
///
/// - Shapes: x and t of one shape, w of any that stretches to it → scalar, or the shape of x for
///   the reduction `none`
/// - Kinks: none inside. Where x(1 − x) < 1e-12 the gradient is that of PyTorch, w(x − t)/1e-12,
///   and not that of the value.
public struct BCELoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "BCELoss",
    inputs: [.init("input", .probabilities), .init("target", .probabilities)],
    auxiliary: [.init("weight", .positiveNumbers, optional: true)], traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape { try checkedShape(operands) }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {
    for (tensor, name) in zip(operands.inputs, ["input", "target"]) {
      // Written so that NaN is refused, too.
      for offset in 0..<tensor.count where !(tensor[offset] >= 0 && tensor[offset] <= 1) {
        throw LayerProblem.wrongValue(
          tensor: name, index: tensor.shape.index(at: offset), value: tensor[offset].value,
          allowed: "a number from 0 to 1")
      }
    }
  }

  // MARK: Definition

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    let (x, t) = (element.input, element.target)
    let positive = S.maximum(S.log(x), S(-100))
    let negative = S.maximum(S.log(onePlus: -x), S(-100))
    return -((element.weight ?? .one) * (t * positive + (.one - t) * negative))
  }

  // MARK: Backward

  /// ∂/∂x = w(x − t)/max(x(1 − x), 1e-12), ∂/∂t = w(log(1 − x) − log x).
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let (x, t) = (element.input, element.target)
    let w = element.weight ?? .one
    let divisor = S.maximum(x * (.one - x), S(Double(Float(1e-12))))
    return LossSlopes(
      input: w * ((x - t) / divisor), target: w * (S.log(onePlus: -x) - S.log(x)))
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let elements = LossElements(question.operands)
    guard case .inputGradient(let input) = question.tensor else {
      return valueBound(elements, question.rounding)
    }
    let (unit, underflow) = (question.rounding.unit, question.rounding.underflow)
    // x − t, 1 − x, two products, a quotient, weight, upstream and divisor.
    let gamma = question.rounding.gamma(10)
    guard input == 1 else {
      return .elementwise(question.computed.map { 1.01 * gamma * $0.magnitude + underflow })
    }
    var limits = question.computed
    for index in 0..<limits.count {
      let element = elements[index]
      let s = reduction.upstream(
        question.upstream[0], at: index, denominator: Double(limits.count))
      let logarithms =
        Double.log(element.input).magnitude + Double.log(onePlus: -element.input).magnitude
      let factor = (s * (element.weight ?? 1)).magnitude
      limits[index] =
        1.01 * unit * (factor * (4 + 4 * logarithms) + 4 * limits[index].magnitude) + underflow
    }
    return .elementwise(limits)
  }

  /// A logarithm has the relative error 4u; in log(1 − x) the rounding of 1 − x adds up to 2u.
  private func valueBound(_ elements: LossElements<Double>, _ rounding: Rounding) -> ErrorBound {
    var errors = Tensor(elements.shape, repeating: 0.0)
    var magnitudes = errors
    for index in 0..<errors.count {
      let element = elements[index]
      let weight = (element.weight ?? 1).magnitude
      let positive = min(Double.log(element.input).magnitude, 100)
      let negative = min(Double.log(onePlus: -element.input).magnitude, 100)
      magnitudes[index] = value(element).magnitude
      errors[index] =
        rounding.unit
        * (weight * (4 * element.target * positive + (1 - element.target) * (2 + 4 * negative))
          + 4 * magnitudes[index])
    }
    return reduction.bound(
      errors: errors, magnitudes: magnitudes, terms: reduction == .none ? 0 : errors.count + 1,
      denominator: Double(errors.count), rounding)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[3, 4], [3, 4]]),
      LayerExample(
        "weighted sum", ["reduction": "sum"], inputs: [[3, 4], [3, 4]],
        auxiliary: ["weight": [4]]),
      LayerExample(
        "each element, a weight for each sample", ["reduction": "none"],
        inputs: [[3, 2, 2], [3, 2, 2]], auxiliary: ["weight": [3, 1, 1]]),
      LayerExample("one number", inputs: [.scalar, .scalar]),
      LayerExample(
        "other shapes", inputs: [[3, 4], [4]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [4])),
      LayerExample(
        "a weight that does not fit", inputs: [[3, 4], [3, 4]], auxiliary: ["weight": [3]],
        refused: .wrongShape(
          tensor: "auxiliary/weight", expected: "a shape that stretches to [3, 4]", found: [3])),
      LayerExample(
        "positive weights", inputs: [[3, 4], [3, 4]], auxiliary: ["pos_weight": [4]],
        refused: .unknownTensor("auxiliary/pos_weight", closest: nil)),
    ]
  }
}
