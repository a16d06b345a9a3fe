// Source: torch.nn.KLDivLoss (2.13), which stretches input and target to a common shape;
// S. Kullback and R. A. Leibler, *On Information and Sufficiency*, 1951.

public import LayerKit
public import Tensors

/// Kullback–Leibler divergence of logarithms of probabilities from a target distribution.
///
///     value = t·log t − t·x, where 0·log 0 = 0;  with `log_target` eᵗ·(t − x)
///
/// The reduction `batchmean` divides the sum by the first extent of x.
/// - Shapes: x and t of any shapes that stretch to a common one → scalar, or the common shape for
///   the reduction `none`
/// - Kinks: none inside. At t = 0 the gradient of the target is NaN, as in PyTorch.
public struct KLDivLoss: ElementwiseLoss {
  // MARK: Kind

  public static let signature = Signature(
    kind: "KLDivLoss", inputs: [.init("input"), .init("target", .probabilities)],
    traits: .loss)

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  private let isBatchMean: Bool
  /// Whether the target holds logarithms; default false.
  private let isLogarithm: Bool

  private enum Reduction: String, CaseIterable {
    case none, sum, mean, batchmean
  }

  public init(_ hyperparameters: inout HyperparameterReader) {
    let stated = hyperparameters.word("reduction", default: Reduction.mean)
    let older = hyperparameters.olderReduction()
    reduction = older ?? LossReduction(rawValue: stated.rawValue) ?? .mean
    isBatchMean = older == nil && stated == .batchmean
    isLogarithm = hyperparameters.boolean("log_target", default: false)
  }

  // MARK: Definition

  public func divisor(_ values: Shape, of operands: OperandShapes) -> Int {
    isBatchMean ? operands.inputs[0].extents.first ?? 1 : values.count
  }

  public func value<S: Scalar>(_ element: LossElement<S>) -> S {
    let (x, t) = (element.input, element.target)
    if isLogarithm { return .exp(t) * (t - x) }
    return (t.value == 0 ? .zero : t * .log(t)) - t * x
  }

  // MARK: Backward

  /// ∂/∂x = −t, ∂/∂t = log t + t/t − x; with `log_target` −eᵗ and eᵗ·(t − x) + eᵗ.
  public func slopes<S: Scalar>(_ element: LossElement<S>) -> LossSlopes<S> {
    let (x, t) = (element.input, element.target)
    guard !isLogarithm else {
      let e = S.exp(t)
      var slope = e * (t - x)
      slope += e
      return LossSlopes(input: -e, target: slope)
    }
    var slope = t.value == 0 ? S.zero : .log(t)
    slope += t / t
    slope += -x
    return LossSlopes(input: -t, target: slope)
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    [
      LayerExample("mean", inputs: [[3, 4], [3, 4]]),
      LayerExample("batch mean", ["reduction": "batchmean"], inputs: [[3, 4, 2], [3, 4, 2]]),
      LayerExample(
        "logarithms, batch mean", ["reduction": "batchmean", "log_target": true],
        inputs: [[3, 4], [3, 4]], inputValues: [1: (0..<12).map { Double($0) / 4 - 2.5 }]),
      LayerExample(
        "logarithms, each element", ["reduction": "none", "log_target": true],
        inputs: [[5], [5]]),
      LayerExample("sum over images", ["reduction": "sum"], inputs: [[2, 3, 2], [2, 3, 2]]),
      LayerExample("one number, batch mean", ["reduction": "batchmean"], inputs: [[], []]),
      LayerExample(
        "a target for all samples", ["reduction": "batchmean"], inputs: [[5, 3], [3]]),
      LayerExample("both stretched", ["reduction": "none"], inputs: [[3, 1], [2, 1, 4]]),
      LayerExample(
        "older flags go before", ["reduction": "batchmean", "size_average": true],
        inputs: [[3, 4], [3, 4]]),
      LayerExample("no sample", ["reduction": "sum"], inputs: [[0, 4], [0, 4]]),
      LayerExample(
        "other shapes", inputs: [[3, 4], [3]],
        refused: .wrongShape(tensor: "target", expected: "[3, 4]", found: [3])),
      LayerExample(
        "an unknown reduction", ["reduction": "batch_mean"], inputs: [[3, 4], [3, 4]],
        refused: .outOfRange(
          hyperparameter: "reduction",
          allowed: "one of \"none\", \"sum\", \"mean\", \"batchmean\"", found: "batch_mean")),
    ]
  }
}
