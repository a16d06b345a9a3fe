public import Tensors

/// Holds a computed tensor against a reference that arrives in pieces.
///
/// Each piece is cut into blocks of a fixed size that are compared side by side and merged in
/// order, so that the findings do not depend on the number of threads.
public struct Comparator<S: FloatingScalar>: Sendable {
  private let ours: Tensor<S>
  private let tolerance: Tolerance
  private let inputsAreFinite: Bool
  private var next = 0
  private var found = Comparison()

  /// The number of elements of a block.
  private static var block: Int { 1 << 15 }

  /// Prepares to compare `ours`.
  ///
  /// - Parameters:
  ///   - ours: What was computed here.
  ///   - tolerance: The limits of each element.
  ///   - inputsAreFinite: Whether all that the layer computed from was finite. Only where it was
  ///     not may both sides be NaN, or infinite with the same sign.
  public init(ours: Tensor<S>, tolerance: Tolerance, inputsAreFinite: Bool) {
    self.ours = ours
    self.tolerance = tolerance
    self.inputsAreFinite = inputsAreFinite
  }

  /// Compares the next elements of the reference, in row-major order.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  public mutating func compare(_ reference: [Double]) {
    let start = next
    precondition(start + reference.count <= ours.count, "the reference has too many elements")
    next += reference.count
    let blocks = (reference.count + Self.block - 1) / Self.block
    let judge = ElementJudge(tolerance, inputsAreFinite: inputsAreFinite)
    let window = tolerance.window(start..<next)
    let ours = ours.elements
    let parts = Parallel.map(blocks) { index in
      let range = index * Self.block..<min((index + 1) * Self.block, reference.count)
      var part = Comparison()
      for i in range {
        let value = ours[start + i].value
        judge.take(
          start + i, value, reference[i], window.figure(at: i), window.limits(at: i, value),
          into: &part)
      }
      return part
    }
    for part in parts { found.merge(part) }
  }

  /// What was found, once every element has been compared.
  public consuming func finish() -> Comparison {
    precondition(next == ours.count, "\(next) of \(ours.count) elements were compared")
    return found
  }
}

/// Judges single elements.
private struct ElementJudge: Sendable {
  private let rule: LimitRule
  private let format: NumberFormat
  private let unit: Double
  private let smallestNormal: Double
  private let inputsAreFinite: Bool

  init(_ tolerance: Tolerance, inputsAreFinite: Bool) {
    rule = tolerance.rule
    format = tolerance.formats.reference
    unit = format.unitRoundoff
    smallestNormal = format.smallestNormal
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
    measure(offset, ours, reference, error, limits, rule.isSum ? figure : 0, into: &found)
  }

  /// Updates the maxima; each quotient is formed only where it is a new maximum.
  @inline(__always)
  private func measure(
    _ offset: Int, _ ours: Double, _ reference: Double, _ error: Double, _ limits: Limits,
    _ magnitude: Double, into found: inout Comparison
  ) {
    let isBeyond = !(error <= limits.hard)
    let spacing = ulp(of: reference)
    if isBeyond {
      found.beyondBound += 1
    } else if !(error <= limits.usual) {
      found.beyondBand += 1
    }
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
  private func ulp(of x: Double) -> Double {
    let magnitude = max(x.magnitude, smallestNormal)
    // The exponent bits alone are the largest power of two that is not above the number.
    return Double(bitPattern: magnitude.bitPattern & 0x7FF0_0000_0000_0000) * (2 * unit)
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
      && ours.magnitude >= format.overflowThreshold
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
    found.informative += 1
  }
}

extension NumberFormat {
  /// The smallest number that rounds to infinity: half a step above the largest finite one.
  fileprivate var overflowThreshold: Double {
    self == .float64 ? .infinity : largestFinite * (1 + unitRoundoff / 2)
  }
}
