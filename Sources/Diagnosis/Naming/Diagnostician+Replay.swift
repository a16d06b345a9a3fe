import LayerKit
public import Tensors

extension Diagnostician {
  /// The tensor that a cause proven elsewhere leads to on the evidence at hand.
  ///
  /// The evidence may hold other numbers than those on which the cause was proven, such as those of
  /// a network that runs as a whole. Nil where the cause predicts nothing from them.
  public func replay(_ proven: NamedCause) -> Tensor<Double>? {
    let general = GeneralCauses(evidence, tolerance)
    let causes = evidence.layer.causes + general.named + general.fitted
    guard let cause = causes.first(where: { $0.id == proven.id }) else { return nil }
    let predictions = cause.predictions(evidence)
    // A number that is fitted anew may have other digits at its end.
    guard
      let prediction = predictions.first(where: { $0.detail == proven.detail })
        ?? predictions.first(where: { $0.fitted > 0 })
    else { return nil }
    let values = prediction.values
    return proven.factor.map { factor in values.map { $0 * factor } } ?? values
  }
}
