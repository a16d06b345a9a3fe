extension Comparison {
  /// Takes in one element that has no rounding: any error is one.
  public mutating func takeExact(
    _ offset: Int, _ ours: Double, _ reference: Double, _ error: Double
  ) {
    // Whole numbers are told in steps of one.
    if error > maxAbsolute {
      maxAbsolute = error
      maxUlps = error
    }
    if error > maxRelative * reference.magnitude { maxRelative = error / reference.magnitude }
    let element = Element(offset: offset, ours: ours, reference: reference, bound: 0, ulps: error)
    if error > 0 {
      beyondBound += 1
      boundRatio = .infinity
      if firstBeyond == nil { firstBeyond = element }
    }
    if element.isWorse(than: worst) { worst = element }
  }

  /// Takes in one element that is no number and not equal.
  public mutating func takeUnequal(_ offset: Int) {
    beyondBound += 1
    boundRatio = .infinity
    guard firstBeyond == nil else { return }
    firstBeyond = Element(
      offset: offset, ours: .nan, reference: .nan, bound: 0, ulps: .infinity)
  }
}
