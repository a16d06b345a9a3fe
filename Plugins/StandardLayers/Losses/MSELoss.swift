// Source: torch.nn.MSELoss (2.13), which stretches input and target to a common shape.

public import LayerKit
public import Tensors

/// Squared difference of input and target, without a factor ½.
///
///     value = d²,  d = x − t
///
/// - Shapes: x and t of any shapes that stretch to a common one → scalar, or the common shape for
///   the reduction `none`
/// - Kinks: none.
public struct MSELoss: DifferenceLoss {
  public static let kind = "MSELoss"

  // MARK: Hyper-parameters

  public let reduction: LossReduction

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
  }

  // MARK: Definition

  public func value<S: Scalar>(ofDifference d: S) -> S { d * d }

  // MARK: Backward

  public func slope<S: Scalar>(ofDifference d: S) -> S { S(2) * d }

  // MARK: Examples

  public static var examples: [LayerExample] {
    differenceExamples() + [
      LayerExample(
        "older flags", ["size_average": 1, "reduce": 0], inputs: [[2, 3], [2, 3]]),
      LayerExample(
        "no target", inputs: [[3, 4]], refused: .inputCount(allowed: 2...2, found: 1)),
    ]
  }
}
