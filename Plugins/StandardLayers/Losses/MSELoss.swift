// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.MSELoss (2.13), which stretches input and target to a common shape.

public import LayerKit
public import Tensors

/// Squared difference of input and target, without a factor ½.
///
///     value = (x − t)²
///
/// - Shapes: x and t of any shapes that stretch to a common one → scalar, or the common shape for
///   the reduction `none`
/// - Kinks: none.
public struct MSELoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "MSELoss", inputs: [.init("input"), .init("target")], traits: [.mixesBatch, .loss])

  // MARK: Hyper-parameters

  public let reduction: LossReduction

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
  }

  // MARK: Definition

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    let difference = element.input - element.target
    return difference * difference
  }

  // MARK: Backward

  /// ∂/∂x = 2(x − t), ∂/∂t = −2(x − t).
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let slope = S(2) * (element.input - element.target)
    return LossSlopes(input: slope, target: -slope)
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let count = Shape.broadcast(question.operands.inputs.map(\.shape))?.count ?? 0
    guard case .inputGradient(let input) = question.tensor else {
      let terms = 3 + (reduction == .none ? 0 : reduction == .sum ? count - 1 : count)
      return .sum(terms: max(0, terms), magnitude: question.computed, products: false)
    }
    let stretching = count / max(1, question.operands.inputs[input].count)
    // Gradients of several places are added with their signs; their magnitudes bound the sum.
    return .sum(
      terms: 3 + stretching,
      magnitude: stretching == 1
        ? question.computed.map(\.magnitude) : magnitudes(question, of: input), products: false)
  }

  /// Σ|s·2(x − t)| over the places that an element was stretched over.
  private func magnitudes(_ question: BoundQuestion, of input: Int) -> Tensor<Double> {
    let elements = LossElements(question.operands)
    var sums = question.computed.map { _ in 0.0 }
    for index in 0..<elements.shape.count {
      let s = reduction.upstream(
        question.upstream[0], at: index, denominator: Double(elements.shape.count))
      sums[elements.offset(ofInput: input, at: index)] +=
        (s * slopes(elements[index]).input).magnitude
    }
    return sums
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[3, 4], [3, 4]]),
      LayerExample(
        "sum over images", ["reduction": "sum"], inputs: [[2, 3, 2, 4], [2, 3, 2, 4]]),
      LayerExample("each element", ["reduction": "none"], inputs: [[5], [5]]),
      LayerExample("one number", inputs: [.scalar, .scalar]),
      LayerExample("a target for all samples", inputs: [[6, 4], [4]]),
      LayerExample("both stretched", ["reduction": "none"], inputs: [[3, 1], [2, 1, 4]]),
      LayerExample(
        "older flags", ["size_average": 1, "reduce": 0], inputs: [[2, 3], [2, 3]]),
      LayerExample(
        "other shapes", inputs: [[3, 4], [3]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
      LayerExample(
        "no target", inputs: [[3, 4]], refused: .inputCount(allowed: 2...2, found: 1)),
    ]
  }
}
