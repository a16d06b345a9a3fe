import LayerKit
import Tensors

extension Layer {
  /// The bound of a sum of products of which a reference may store parts before it adds them.
  ///
  ///     ((1 + γ_t(stores))·(1 + γ(terms)) − 1)·B + terms·η·A
  ///
  /// γ_t is that of the format in which parts are stored, or to which factors are shortened; the
  /// parts are added in single precision at least. Where both formats are one, γ(terms) is all.
  /// B is the operation on absolute values. A part that underflows loses up to η, which the other
  /// factors may magnify: A is the operation on max(1, |x|).
  func productSum(_ question: BoundQuestion, terms: Int, stores: Int) -> ErrorBound {
    let rounding = question.rounding
    let single = Rounding(.float32).combined(with: Rounding(.float32))
    let adding = Rounding(unit: min(rounding.unit, single.unit), underflow: rounding.underflow)
    let stored = rounding.unit > single.unit ? rounding.gamma(stores) : 0
    let factor = stored + (1 + stored) * adding.gamma(terms)
    let lost = Double(terms) * rounding.underflow
    let enlarged = BoundQuestion(
      question.tensor, operands: question.operands.mapTensors { $0.map { max(1, $0.magnitude) } },
      upstream: question.upstream.map { $0.map { max(1, $0.magnitude) } },
      computed: question.computed, rounding: rounding)
    return .elementwise(
      magnitude(question).zip(magnitude(enlarged)) { $0 == 0 ? 0 : factor * $0 + lost * $1 })
  }
}
