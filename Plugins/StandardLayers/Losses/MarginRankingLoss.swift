// Source: torch.nn.MarginRankingLoss (2.13), which stretches tensors of one rank to a common shape.

public import LayerKit
public import Tensors

/// How far the first of two numbers is from being larger by a margin, or smaller where t = −1.
///
///     value = max(0, −t·(x₁ − x₂) + m)
///
/// The target is an ordinary number, with a gradient of its own.
/// - Shapes: x₁, x₂ and t of one rank that stretch to a common shape → scalar, or the common shape
///   for the reduction `none`
/// - Kinks: where −t·(x₁ − x₂) + m = 0 the slope is that of the rising side.
public struct MarginRankingLoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "MarginRankingLoss",
    inputs: [.init("input1"), .init("input2"), .init("target")], traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// m; default 0.
  private var margin: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    margin = hyperparameters.real("margin", default: 0)
  }

  public func rounded(to format: NumberFormat) -> MarginRankingLoss {
    var rounded = self
    rounded.margin = format.rounded(margin)
    return rounded
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let rank = operands.inputs[0].rank
    for (slot, shape) in zip(Self.signature.inputs, operands.inputs) where shape.rank != rank {
      throw LayerProblem.wrongShape(
        tensor: slot.name, expected: "as many axes as in \(operands.inputs[0])", found: shape)
    }
    return try stretchedShape(operands)
  }

  // MARK: Definition

  public func value<S: Scalar>(_ element: LossElement<S>) -> S { .hinge(slack(element)) }

  /// −t·(x₁ − x₂) + m.
  private func slack<S: Scalar>(_ element: LossElement<S>) -> S {
    -(target(element) * (element.input - element.target)) + S(margin)
  }

  private func target<S: Scalar>(_ element: LossElement<S>) -> S {
    guard let target = element.third else { preconditionFailure("the signature has three inputs") }
    return target
  }

  // MARK: Backward

  /// ∂/∂x₁ = −t, ∂/∂x₂ = t, ∂/∂t = −(x₁ − x₂), all 0 where the hinge does not rise.
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let rise = S.hingeSlope(.one, at: slack(element))
    let t = target(element)
    return LossSlopes(
      input: -(rise * t), target: rise * t,
      third: -(rise * (element.input - element.target)))
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[12], [12], [12]]),
      LayerExample(
        "sum, a margin", ["margin": 0.7, "reduction": "sum"],
        inputs: [[2, 3, 2], [2, 3, 2], [2, 3, 2]]),
      LayerExample(
        "each element, a negative margin", ["margin": -0.25, "reduction": "none"],
        inputs: [[3, 4], [3, 4], [3, 4]]),
      LayerExample("all stretched", ["margin": 1], inputs: [[3, 1], [3, 4], [1, 4]]),
      LayerExample("one number", inputs: [.scalar, .scalar, .scalar]),
      LayerExample("an older flag", ["size_average": false], inputs: [[5], [5], [5]]),
      LayerExample("no sample", ["reduction": "sum"], inputs: [[0], [0], [0]]),
      LayerExample(
        "other ranks", inputs: [[3, 4], [4], [3, 4]],
        refused: .wrongShape(
          tensor: "input2", expected: "as many axes as in [3, 4]", found: [4])),
      LayerExample(
        "other extents", inputs: [[3], [3], [2]],
        refused: .wrongShape(tensor: "target", expected: "[3]", found: [2])),
    ]
  }
}
