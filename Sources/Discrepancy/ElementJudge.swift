import Tensors

/// Judges single elements.
struct ElementJudge: Sendable {
  let rule: LimitRule
  let measure: ErrorMeasure
  private let inputsAreFinite: Bool

  init(_ tolerance: Tolerance, inputsAreFinite: Bool) {
    rule = tolerance.rule
    measure = ErrorMeasure(tolerance.formats.reference)
    self.inputsAreFinite = inputsAreFinite
  }

  @inline(__always)
  func take(
    _ offset: Int, _ ours: Double, _ reference: Double, _ figure: Double, _ limits: Limits,
    into found: inout Comparison
  ) {
    found.count += 1
    // A magnitude that overflows says that the sum itself may have done so on the way.
    guard ours.isFinite, reference.isFinite, !rule.isSum || figure.isFinite else {
      takeNonFinite(offset, ours, reference, into: &found)
      return
    }
    let error = (ours - reference).magnitude
    if (rule.isSum && figure > 0) || ours != 0 || reference != 0 { found.informative += 1 }
    if limits.hard.isFinite { found.maxBound = max(found.maxBound, limits.hard) }
    if !rule.isProven || !limits.hard.isFinite { found.unproven += 1 }
    guard error > 0 || found.worst == nil else { return }
    measure.take(
      offset, ours, reference, error, limits, magnitude: rule.isSum ? figure : 0, into: &found)
  }

  /// NaN against NaN, and infinity against infinity of the same sign, are equal only if the
  /// layer's own input explains them; a stored infinity agrees with a number that its format
  /// cannot hold.
  private func takeNonFinite(
    _ offset: Int, _ ours: Double, _ reference: Double, into found: inout Comparison
  ) {
    let same = (ours.isNaN && reference.isNaN) || ours == reference
    let overflow =
      reference.isInfinite && ours.sign == reference.sign && ours.isFinite
      && ours.magnitude >= measure.format.overflowThreshold
    guard (same && !inputsAreFinite) || overflow else {
      found.invalid += 1
      let element = Comparison.Element(
        offset: offset, ours: ours, reference: reference, bound: 0, ulps: .infinity)
      if found.firstBeyond == nil { found.firstBeyond = element }
      if element.isWorse(than: found.worst) { found.worst = element }
      found.boundRatio = .infinity
      return
    }
    found.explained += 1
    if ours.isNaN { found.equalNaNs += 1 }
    found.informative += 1
  }
}
