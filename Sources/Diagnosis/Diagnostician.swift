public import Discrepancy
public import LayerKit

/// Names what is wrong with a tensor that differs.
public struct Diagnostician {
  private let evidence: Evidence
  private let proof: Proof

  /// Prepares to explain a tensor; `tolerance` is that of the right result.
  public init(_ evidence: Evidence, tolerance: Tolerance) {
    self.evidence = evidence
    proof = Proof(evidence, tolerance: tolerance)
  }

  /// Every cause that is proven, the most specific first.
  public func causes() -> [NamedCause] {
    let found = evidence.layer.causes.compactMap { cause in
      name(cause).map { (cause.specificity, $0) }
    }
    return found.sorted { $0.0 < $1.0 }.map(\.1)
  }

  private func name(_ cause: Cause) -> NamedCause? {
    for prediction in cause.predictions(evidence) {
      guard let (residual, effect) = proof.examine(prediction) else { continue }
      return NamedCause(
        id: cause.id, advice: cause.advice, detail: prediction.detail, residual: residual,
        effect: effect)
    }
    return nil
  }
}
