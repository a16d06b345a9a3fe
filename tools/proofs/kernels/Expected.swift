import Kernels

/// What a kernel must compute: values, and how far each result may lie from its value.
struct Expected: Sendable {
  let high: [Double]
  let low: [Double]
  let bound: [Double]

  /// Values by the definition; on whole numbers their results are exact.
  init<S: ProofScalar>(_ sums: [ExactSum<S>], exact: Bool) {
    high = sums.map(\.high)
    low = sums.map(\.low)
    bound = exact ? [Double](repeating: 0, count: sums.count) : sums.map { $0.bound() }
  }

  init(high: [Double], low: [Double], bound: [Double]) {
    (self.high, self.low, self.bound) = (high, low, bound)
  }

  /// Values that must be met to the bit, up to the sign of zero; NaN by NaN.
  init<S: ProofScalar>(equal values: [S]) {
    high = values.map { Double($0) }
    low = [Double](repeating: 0, count: values.count)
    bound = low
  }

  /// The first element that is too far from its value.
  func firstProblem<S: ProofScalar>(_ got: [S]) -> Problem? {
    guard got.count == high.count else {
      return Problem("\(got.count) elements instead of \(high.count)")
    }
    for index in got.indices {
      let value = Double(got[index])
      // Both differences are exact where the values are close; −0 equals +0.
      let distance = abs((value - high[index]) - low[index])
      if distance <= bound[index] || value == high[index] && low[index] == 0 { continue }
      if value.isNaN, high[index].isNaN { continue }
      return Problem(
        "element \(index): expected \(high[index]), got \(got[index]), off by \(distance),"
          + " bound \(bound[index])"
          + (got[index].bits == S.guardPattern.bits ? " (the guard pattern)" : ""))
    }
    return nil
  }
}

/// What a check found.
struct Problem: Error, CustomStringConvertible {
  private(set) var description: String

  init(_ description: String) { self.description = description }

  /// The same problem with where it was found.
  func at(_ place: String) -> Problem { Problem("\(place): \(description)") }
}

/// The first element whose bits differ.
func firstDifferentBits<S: ProofScalar>(_ got: [S], _ expected: [S]) -> Problem? {
  guard got.count == expected.count else {
    return Problem("\(got.count) elements instead of \(expected.count)")
  }
  for index in got.indices where got[index].bits != expected[index].bits {
    return Problem("element \(index): \(got[index]) instead of \(expected[index])")
  }
  return nil
}
