import Tensors

/// Takes the errors of single elements into the maxima of a comparison.
struct ErrorMeasure: Sendable {
  /// The format in whose units errors are told.
  let format: NumberFormat
  /// Its unit roundoff u.
  let unit: Double
  /// Its smallest normal number.
  let smallestNormal: Double

  init(_ format: NumberFormat) {
    self.format = format
    unit = format.unitRoundoff
    smallestNormal = format.smallestNormal
  }

  /// Counts an error beyond its limits, and updates the maxima.
  @inline(__always)
  func take(
    _ offset: Int, _ ours: Double, _ reference: Double, _ error: Double, _ limits: Limits,
    magnitude: Double = 0, into found: inout Comparison
  ) {
    if !(error <= limits.hard) {
      found.beyondBound += 1
    } else if !(error <= limits.usual) {
      found.beyondBand += 1
    }
    takeMaxima(offset, ours, reference, error, limits, magnitude: magnitude, into: &found)
  }

  /// Updates the maxima; each quotient is formed only where it is a new maximum.
  @inline(__always)
  func takeMaxima(
    _ offset: Int, _ ours: Double, _ reference: Double, _ error: Double, _ limits: Limits,
    magnitude: Double, into found: inout Comparison
  ) {
    let isBeyond = !(error <= limits.hard)
    let spacing = ulp(of: reference)
    if error > found.maxAbsolute { found.maxAbsolute = error }
    if error > found.maxUlps * spacing { found.maxUlps = error / spacing }
    if error > found.maxRelative * reference.magnitude {
      found.maxRelative = error / reference.magnitude
    }
    if magnitude > 0, error > found.magnitudeRatio * unit * magnitude {
      found.magnitudeRatio = error / (unit * magnitude)
    }
    // Errors beyond a bound of zero are all infinitely many bounds: there the larger error counts.
    let mayBeWorst =
      found.worst == nil || limits.hard == 0 || error > found.boundRatio * limits.hard
    guard mayBeWorst || (isBeyond && found.firstBeyond == nil) else { return }
    let element = Comparison.Element(
      offset: offset, ours: ours, reference: reference, bound: limits.hard,
      ulps: error / spacing)
    if isBeyond && found.firstBeyond == nil { found.firstBeyond = element }
    guard mayBeWorst, element.isWorse(than: found.worst) else { return }
    found.worst = element
    found.boundRatio = max(found.boundRatio, element.boundRatio)
  }

  /// The spacing of the format's numbers at `x`: its power of two times 2u.
  @inline(__always)
  func ulp(of x: Double) -> Double {
    let magnitude = max(x.magnitude, smallestNormal)
    // The exponent bits alone are the largest power of two that is not above the number.
    return Double(bitPattern: magnitude.bitPattern & 0x7FF0_0000_0000_0000) * (2 * unit)
  }
}

extension NumberFormat {
  /// The smallest number that rounds to infinity: half a step above the largest finite one.
  var overflowThreshold: Double {
    self == .float64 ? .infinity : largestFinite * (1 + unitRoundoff / 2)
  }
}
