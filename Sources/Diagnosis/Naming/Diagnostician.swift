public import Discrepancy
public import LayerKit
import Tensors

/// Names what is wrong with a tensor that differs.
public struct Diagnostician {
  let evidence: Evidence
  let tolerance: Tolerance
  private let proof: Proof

  /// Prepares to explain a tensor; `tolerance` is that of the right result.
  public init(_ evidence: Evidence, tolerance: Tolerance) {
    self.evidence = evidence
    self.tolerance = tolerance
    proof = Proof(evidence, tolerance: tolerance)
  }

  /// Every cause that is proven, the most specific first.
  public func causes() -> [NamedCause] { diagnosis().causes }

  /// Every cause that is proven; where none is, what the error looks like and what comes nearest.
  public func diagnosis() -> TensorDiagnosis {
    if let cause = NotFinite(evidence).cause { return TensorDiagnosis(causes: [cause]) }
    // Some right results look like a cause: ±1/n is a number of any format.
    guard proof.differs else { return TensorDiagnosis(causes: []) }
    var search = Search()
    let general = GeneralCauses(evidence, tolerance)
    let own = evidence.layer.causes
    // A kind may know more about a cause of any kind than is known of all.
    let shared = general.named.filter { cause in !own.contains { $0.id == cause.id } }
    attempt(shared + own, &search)
    // A number that fits says less than a name, and is looked for only where no name fits.
    if search.proven.isEmpty { attempt(general.fitted, &search) }
    let causes = search.proven.isEmpty ? search.scaled : search.proven
    guard causes.isEmpty else {
      return TensorDiagnosis(causes: causes.sorted { $0.specificity < $1.specificity })
    }
    let portrait = ErrorPortrait(proof, nearest: search.nearest)
    return TensorDiagnosis(causes: [], portrait: portrait)
  }

  /// What has been found on the way.
  private struct Search {
    /// Causes whose prediction agrees.
    var proven: [NamedCause] = []
    /// Causes a multiple of whose prediction agrees: two mistakes at once.
    var scaled: [NamedCause] = []
    /// The predictions that leave the least of the error.
    var nearest: [Candidate] = []

    mutating func remember(_ candidate: Candidate) {
      guard candidate.remaining < 1 else { return }
      nearest = Array((nearest + [candidate]).sorted { $0.remaining < $1.remaining }.prefix(3))
    }
  }

  private func attempt(_ causes: [Cause], _ search: inout Search) {
    for cause in causes {
      let mayScale = cause.specificity <= .structural
      var closest: Candidate?
      var scaled: NamedCause?
      for prediction in cause.predictions(evidence) {
        switch proof.examine(prediction, scales: mayScale && search.proven.isEmpty) {
        case .proven(let finding):
          let named = NamedCause(cause, prediction, finding)
          closest = nil
          guard finding.factor == nil else {
            // Another prediction may agree without a factor.
            if scaled == nil { scaled = named }
            continue
          }
          search.proven.append(named)
          scaled = nil
        case .refuted(let remaining?):
          if remaining < closest?.remaining ?? .infinity {
            closest = Candidate(id: cause.id, detail: prediction.detail, remaining: remaining)
          }
          continue
        case .refuted: continue
        }
        break
      }
      if let scaled { search.scaled.append(scaled) }
      if let closest, scaled == nil { search.remember(closest) }
    }
  }
}
