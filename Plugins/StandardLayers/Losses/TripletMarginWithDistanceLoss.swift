// Source: torch.nn.TripletMarginWithDistanceLoss (2.13).

public import LayerKit
public import Tensors

/// The triplet loss with the Euclidean distance; see `TripletLoss`.
///
/// A file cannot hold another function: `distance_function` can only be absent or `None`, which is
/// the distance of `torch.nn.PairwiseDistance` with its defaults.
public struct TripletMarginWithDistanceLoss: TripletLoss {
  public static let kind = "TripletMarginWithDistanceLoss"

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  public private(set) var margin: Double
  public let swaps: Bool
  public private(set) var distance = VectorDistance()

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.word("reduction", default: .mean)
    margin = hyperparameters.positive("margin", default: 1)
    swaps = hyperparameters.boolean("swap", default: false)
    if let function = hyperparameters.value("distance_function"), !function.isNone {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "distance_function", allowed: "\"none\", or nothing", found: function))
    }
  }

  public func rounded(to format: NumberFormat) -> TripletMarginWithDistanceLoss {
    var rounded = self
    rounded.margin = format.rounded(margin)
    rounded.distance = distance.rounded(to: format)
    return rounded
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    tripletExamples + [
      LayerExample(
        "no function", ["distance_function": "none"], inputs: [[3, 4], [3, 4], [3, 4]]),
      LayerExample(
        "a function", ["distance_function": "cosine"], inputs: [[3, 4], [3, 4], [3, 4]],
        refused: .outOfRange(
          hyperparameter: "distance_function", allowed: "\"none\", or nothing", found: "cosine")),
    ]
  }
}
