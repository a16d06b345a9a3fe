// Source: torch.nn.L1Loss (2.13), which stretches input and target to a common shape.

public import LayerKit
public import Tensors

/// Magnitude of the difference of input and target.
///
///     value = |d|,  d = x − t
///
/// - Shapes: x and t of any shapes that stretch to a common one → scalar, or the common shape for
///   the reduction `none`
/// - Kinks: at d = 0 the slope is 0. So it is where d is NaN.
public struct L1Loss: DifferenceLoss {
  public static let kind = "L1Loss"

  // MARK: Hyper-parameters

  public let reduction: LossReduction

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
  }

  // MARK: Definition

  public func value<S: Scalar>(ofDifference d: S) -> S { .magnitude(d) }

  // MARK: Backward

  public func slope<S: Scalar>(ofDifference d: S) -> S { .sign(of: d) }

  // MARK: Kinks

  public var kinks: [Kink] { [.difference(0, slope: 0)] }

  // MARK: Examples

  public static var examples: [LayerExample] {
    differenceExamples() + [
      LayerExample(
        "an older flag", ["size_average": false], inputs: [[2, 3], [2, 3]])
    ]
  }
}
