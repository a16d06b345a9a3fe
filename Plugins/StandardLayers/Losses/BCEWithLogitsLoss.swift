// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.BCEWithLogitsLoss (2.13).

public import LayerKit
import RealModule
public import Tensors

/// Binary cross entropy between the sigmoid of scores and targets.
///
///     value = −w·(k·t·log σ(x) + (1 − t)·log(1 − σ(x)))
///           =  w·((1 − t)·x + (1 + (k − 1)·t)·log(1 + e⁻ˣ))
///
/// w is `weight`, k is `pos_weight`, both 1 if absent. For x < 0, log(1 + e⁻ˣ) is computed as
/// log(1 + eˣ) − x.
/// - Shapes: x and t of one shape, w and k of any that stretch to it → scalar, or the shape of x
///   for the reduction `none`
/// - Kinks: none.
public struct BCEWithLogitsLoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "BCEWithLogitsLoss", inputs: [.init("input"), .init("target", .probabilities)],
    auxiliary: [
      .init("weight", .positiveNumbers, optional: true),
      .init("pos_weight", .positiveNumbers, optional: true),
    ], traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape { try checkedShape(operands) }

  // MARK: Definition

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    let (x, t) = (element.input, element.target)
    let factor = .one + ((element.positiveWeight ?? .one) - .one) * t
    let value = (.one - t) * x + factor * Self.softplus(-x)
    return (element.weight ?? .one) * value
  }

  /// log(1 + eˣ).
  private static func softplus<S: Scalar>(_ x: S) -> S {
    x > .zero ? x + S.log(onePlus: S.exp(-x)) : S.log(onePlus: S.exp(x))
  }

  // MARK: Backward

  /// ∂/∂x = w((1 − t)·σ(x) − k·t·σ(−x)), ∂/∂t = w((k − 1)·log(1 + e⁻ˣ) − x).
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let (x, t) = (element.input, element.target)
    let w = element.weight ?? .one
    let k = element.positiveWeight ?? .one
    return LossSlopes(
      input: w * ((.one - t) * .logistic(x) - k * t * .logistic(-x)),
      target: w * ((k - .one) * Self.softplus(-x) - x))
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let elements = LossElements(question.operands)
    guard case .inputGradient(let input) = question.tensor else {
      return valueBound(elements, question.rounding)
    }
    var limits = question.computed
    for index in 0..<limits.count {
      let s = reduction.upstream(question.upstream[0], at: index, denominator: 1)
      let count = reduction == .mean ? Double(limits.count) : 1
      let element = elements[index]
      let units = input == 0 ? inputUnits(element, s) : targetUnits(element)
      let factor = (s * (element.weight ?? 1)).magnitude / count
      limits[index] =
        1.01 * question.rounding.unit * factor * units + question.rounding.underflow
    }
    return .elementwise(limits)
  }

  /// The error of ∂/∂x in units of u: 8σ + 6|σ − t| + 2t without weights.
  ///
  /// With k it may also be computed as (k·t + 1 − t)·σ − k·t, where k·t + 1 rounds first.
  private func inputUnits(_ element: LossElement<Double>, _ s: Double) -> Double {
    let plain = LossElement(
      input: element.input, target: element.target, third: nil, weight: nil,
      positiveWeight: element.positiveWeight)
    let slope = slopes(plain).input.magnitude
    let sigma = Double.logistic(element.input)
    let t = element.target.magnitude
    // One more product with the weight, one with the upstream gradient.
    let further = element.weight == nil && s.magnitude == 1 ? 0 : 2 * slope
    guard let k = element.positiveWeight?.magnitude else {
      return 8 * sigma + 6 * slope + 2 * t + further
    }
    let factor = k * t + (1 - element.target).magnitude
    return 12 * sigma * factor + 2 * sigma * (k * t + 1) + 6 * slope + 4 * k * t + further
  }

  /// The error of ∂/∂t in units of u.
  ///
  /// It may also be computed as log σ(−x) − k·log σ(x); the terms of either form can be far larger
  /// than it.
  private func targetUnits(_ element: LossElement<Double>) -> Double {
    let x = element.input
    guard let k = element.positiveWeight else { return 8 * x.magnitude }
    let terms = Self.softplus(x) + k.magnitude * Self.softplus(-x)
    let others = ((k - 1) * Self.softplus(-x)).magnitude + x.magnitude
    return 6 * terms + 8 * others
  }

  /// u(3|x| + 8·log(1 + e^−|x|) + 2·value) for each element without weights; these add products.
  private func valueBound(_ elements: LossElements<Double>, _ rounding: Rounding) -> ErrorBound {
    var errors = Tensor(elements.shape, repeating: 0.0)
    var magnitudes = errors
    for index in 0..<errors.count {
      let element = elements[index]
      let (x, t) = (element.input, element.target)
      let factor = 1 + ((element.positiveWeight ?? 1) - 1) * t
      let weight = (element.weight ?? 1).magnitude
      let logarithm = Double.log(onePlus: Double.exp(-x.magnitude))
      let size = max(1, (1 - t).magnitude, factor.magnitude)
      let isWeighted = element.weight != nil || element.positiveWeight != nil
      let products =
        isWeighted
        ? (1 - t).magnitude * x.magnitude + factor.magnitude * Self.softplus(-x) : 0
      magnitudes[index] = value(element).magnitude
      errors[index] =
        rounding.unit
        * (weight * (size * (3 * x.magnitude + 8 * logarithm) + 6 * products)
          + 2 * magnitudes[index])
    }
    return reduction.bound(
      errors: errors, magnitudes: magnitudes, terms: reduction == .none ? 0 : errors.count,
      denominator: Double(errors.count), rounding)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[3, 4], [3, 4]]),
      LayerExample(
        "weighted sum", ["reduction": "sum"], inputs: [[3, 4], [3, 4]],
        auxiliary: ["weight": [3, 1]]),
      LayerExample(
        "positive weights for each class", inputs: [[5, 4], [5, 4]],
        auxiliary: ["pos_weight": [4]]),
      LayerExample(
        "each element, both weights", ["reduction": "none"], inputs: [[2, 3, 2], [2, 3, 2]],
        auxiliary: ["weight": [2, 1, 1], "pos_weight": [3, 1]]),
      LayerExample(
        "other shapes", inputs: [[3, 4], [3]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
      LayerExample(
        "positive weights that do not fit", inputs: [[3, 4], [3, 4]],
        auxiliary: ["pos_weight": [2, 3, 4]],
        refused: .wrongShape(
          tensor: "auxiliary/pos_weight", expected: "a shape that stretches to [3, 4]",
          found: [2, 3, 4])),
      LayerExample(
        "an unknown reduction", ["reduction": "batchmean"], inputs: [[3, 4], [3, 4]],
        refused: .outOfRange(
          hyperparameter: "reduction", allowed: "one of \"none\", \"sum\", \"mean\"",
          found: "batchmean")),
    ]
  }
}
