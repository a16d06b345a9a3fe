// Source: torch.nn.TripletMarginLoss (2.13); V. Balntas et al., *Learning Shallow Convolutional
// Feature Descriptors with Triplet Losses*, 2016.

public import LayerKit
public import Tensors

/// The triplet loss with the p-norm of differences as its distance; see `TripletLoss`.
public struct TripletMarginLoss: TripletLoss {
  public static let kind = "TripletMarginLoss"

  // MARK: Hyper-parameters

  public let reduction: LossReduction
  public private(set) var margin: Double
  public let swaps: Bool
  public private(set) var distance: VectorDistance

  public init(_ hyperparameters: inout HyperparameterReader) {
    reduction = hyperparameters.reduction()
    margin = hyperparameters.positive("margin", default: 1)
    swaps = hyperparameters.boolean("swap", default: false)
    distance = VectorDistance(
      power: hyperparameters.real("p", default: 2, in: -(.infinity) ... .infinity),
      epsilon: hyperparameters.real("eps", default: 1e-6))
  }

  public func rounded(to format: NumberFormat) -> TripletMarginLoss {
    var rounded = self
    rounded.margin = format.rounded(margin)
    rounded.distance = distance.rounded(to: format)
    return rounded
  }

  // MARK: Examples

  public static var examples: [LayerExample] {
    let shapes: [Shape] = [[4, 3], [4, 3], [4, 3]]
    let powers: [HyperparameterValue] = [
      1, 1.5, 3, 0.5, -1, 0, .real(.infinity), .real(-.infinity),
    ]
    return tripletExamples
      + powers.map {
        LayerExample("the power \($0)", ["p": $0, "swap": true, "margin": 4], inputs: shapes)
      } + [
        LayerExample("a large ε", ["eps": 0.3, "margin": 3], inputs: shapes),
        LayerExample("an older flag", ["size_average": false], inputs: shapes),
      ]
  }
}
