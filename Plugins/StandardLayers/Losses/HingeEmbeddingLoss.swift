// Source: torch.nn.HingeEmbeddingLoss (2.13), which stretches input and target to a common shape.

public import LayerKit
public import Tensors

/// A distance to be small where the target is 1, and at least the margin where it is −1.
///
///     value = x for t = 1, max(0, m − x) for t = −1
///
/// Any other target has the sum of both, as in PyTorch.
/// - Shapes: x and t of any shapes that stretch to a common one → scalar, or the common shape for
///   the reduction `none`
/// - Kinks: at x = m the slope is −1, that of the smaller side.
public struct HingeEmbeddingLoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "HingeEmbeddingLoss", inputs: [.init("input"), .init("target", .signs)],
    traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// m; default 1.
  private var margin: Double

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    margin = hyperparameters.real("margin", default: 1)
  }

  public func rounded(to format: NumberFormat) -> HingeEmbeddingLoss {
    var rounded = self
    rounded.margin = format.rounded(margin)
    return rounded
  }

  // MARK: Definition

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    let (x, t) = (element.input, element.target.value)
    return (t == 1 ? .zero : .hinge(S(margin) - x)) + (t == -1 ? .zero : x)
  }

  // MARK: Backward

  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let (x, t) = (element.input, element.target.value)
    let hinge = t == 1 ? .zero : S.hingeSlope(-.one, at: S(margin) - x)
    var slope = hinge
    slope += t == -1 ? .zero : .one
    return LossSlopes(input: slope)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[3, 4], [3, 4]]),
      LayerExample(
        "sum, a small margin", ["margin": 0.3, "reduction": "sum"],
        inputs: [[2, 3, 4], [2, 3, 4]]),
      LayerExample("each element", ["reduction": "none", "margin": -0.5], inputs: [[9], [9]]),
      LayerExample("a target for all samples", inputs: [[6, 4], [4]]),
      LayerExample(
        "an input for all samples", ["reduction": "none"], inputs: [[4], [6, 4]]),
      LayerExample("one number", inputs: [.scalar, .scalar]),
      LayerExample("an older flag", ["reduce": false], inputs: [[5], [5]]),
      LayerExample("no sample", ["reduction": "sum"], inputs: [[0, 4], [0, 4]]),
      LayerExample(
        "other shapes", inputs: [[3, 4], [3]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
      LayerExample(
        "no number", ["margin": true], inputs: [[3], [3]],
        refused: .wrongType(hyperparameter: "margin", expected: "a number", found: true)),
    ]
  }
}
