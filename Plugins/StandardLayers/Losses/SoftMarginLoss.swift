// Source: torch.nn.SoftMarginLoss (2.13), which stretches the target to the shape of the input.

public import LayerKit
public import Tensors

/// Logistic loss of a score whose sign is to be that of the target.
///
///     value = log(1 + e^(−t·x))
///
/// - Shapes: x, and t of a shape that stretches to it → scalar, or the shape of x for the reduction
///   `none`
/// - Kinks: none. Where e^(−t·x) overflows the value is infinite and the gradient NaN, as in
///   PyTorch.
public struct SoftMarginLoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "SoftMarginLoss", inputs: [.init("input"), .init("target", .signs)],
    traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  /// What e^(−t·x) overflows beyond.
  private var largest = Double.greatestFiniteMagnitude

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
  }

  public func rounded(to format: NumberFormat) -> SoftMarginLoss {
    var rounded = self
    rounded.largest = format.largestFinite
    return rounded
  }

  // MARK: Shapes

  public func valueShape(_ operands: OperandShapes) throws -> Shape {
    let (x, target) = (operands.inputs[0], operands.inputs[1])
    guard Shape.broadcast([x, target]) == x else {
      throw LayerProblem.wrongShape(
        tensor: "target", expected: "a shape that stretches to \(x)", found: target)
    }
    return x
  }

  // MARK: Definition

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    .log(onePlus: exponential(element))
  }

  /// e^(−t·x), infinite where the reference's format cannot hold it.
  private func exponential<S: Scalar>(_ element: LossElement<S>) -> S {
    let e = S.exp(-(element.target * element.input))
    return e.value > largest ? S(.infinity) : e
  }

  // MARK: Backward

  /// ∂/∂x = −t·e/(1 + e),  e = e^(−t·x).
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let e = exponential(element)
    return LossSlopes(input: -(element.target * e / (.one + e)))
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[3, 4], [3, 4]]),
      LayerExample("sum over images", ["reduction": "sum"], inputs: [[2, 3, 2], [2, 3, 2]]),
      LayerExample("each element", ["reduction": "none"], inputs: [[7], [7]]),
      LayerExample("a target for all samples", inputs: [[6, 4], [4]]),
      LayerExample("one number", inputs: [.scalar, .scalar]),
      LayerExample("an older flag", ["reduce": false], inputs: [[5], [5]]),
      LayerExample("no sample", ["reduction": "sum"], inputs: [[0, 4], [0, 4]]),
      LayerExample(
        "a larger target", inputs: [[4], [6, 4]],
        refused: .wrongShape(
          tensor: "target", expected: "a shape that stretches to [4]", found: [6, 4])),
    ]
  }
}
