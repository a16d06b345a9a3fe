import LayerKit
import Tensors

extension BoundQuestion {
  /// The bound of a sum of products of which a reference may store parts before it adds them.
  ///
  ///     (1 + γ_t(stores))·(1 + γ(terms)) − 1 times B, and η for each term
  ///
  /// γ_t is that of the format in which parts are stored, or to which factors are shortened; the
  /// parts are added in single precision at least. Where both formats are one, γ(terms) is all.
  func productSum(terms: Int, stores: Int, magnitude: Tensor<Double>) -> ErrorBound {
    let single = Rounding(.float32).combined(with: Rounding(.float32))
    let adding = Rounding(unit: min(rounding.unit, single.unit), underflow: rounding.underflow)
    let stored = rounding.unit > single.unit ? rounding.gamma(stores) : 0
    let factor = stored + (1 + stored) * adding.gamma(terms)
    let lost = Double(terms) * rounding.underflow
    return .elementwise(magnitude.mapInParallel { $0 == 0 ? 0 : factor * $0 + lost })
  }
}
