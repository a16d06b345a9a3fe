public import Discrepancy

extension Collection where Element == TensorReport {
  /// The verdict on the whole of which these are the parts: the gravest, but no agreement where a
  /// tensor could not be compared that is there.
  public var verdict: Verdict {
    let unusable = contains { $0.reason?.preventsResult ?? false }
    let verdict = Verdict.summary(map(\.verdict))
    switch verdict {
    case .agree, .warn, .vacuous, .inherited: return unusable ? .notCompared : verdict
    case .differ, .invalid, .surprise, .expected, .notCompared: return verdict
    }
  }
}

extension TensorReport {
  /// Whether a tensor that is equal needs a word nevertheless: NaN that count as equal.
  var needsRemark: Bool {
    guard limit != nil, let comparison else { return false }
    return comparison.equalNaNs > 0 || comparison.zeroSigns > 0
  }
}
