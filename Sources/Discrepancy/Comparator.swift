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
  public mutating func compare(_ reference: [Double]) {
    let start = next
    precondition(start + reference.count <= ours.count, "the reference has too many elements")
    next += reference.count
    let blocks = (reference.count + Self.block - 1) / Self.block
    let judge = ElementJudge(
      formats: tolerance.formats, window: tolerance.window(start..<next),
      inputsAreFinite: inputsAreFinite)
    let ours = ours
    let parts = Parallel.map(blocks) { index in
      var part = Comparison()
      for i in index * Self.block..<min((index + 1) * Self.block, reference.count) {
        judge.take(start + i, Double(ours[start + i]), reference[i], into: &part)
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
  let formats: ComparisonFormats
  let window: Tolerance.Window
  let inputsAreFinite: Bool

  func take(_ offset: Int, _ ours: Double, _ reference: Double, into found: inout Comparison) {
    found.count += 1
    let limits = window.limits(at: offset, value: ours)
    // A magnitude that overflows says that the sum itself may have done so on the way.
    guard ours.isFinite, reference.isFinite, limits.magnitude?.isFinite ?? true else {
      takeNonFinite(offset, ours, reference, into: &found)
      return
    }
    let error = (ours - reference).magnitude
    if (limits.magnitude ?? 0) > 0 || ours != 0 || reference != 0 { found.informative += 1 }
    let withinBound = error <= limits.hard
    if !withinBound { found.beyondBound += 1 }
    if withinBound && !(error <= limits.usual) { found.beyondBand += 1 }
    if !limits.isProven { found.unproven += 1 }
    if limits.hard.isFinite { found.maxBound = max(found.maxBound, limits.hard) }
    guard error > 0 || found.worst == nil || !withinBound else { return }

    let ulps = error / formats.reference.ulp(of: reference)
    let ratio = error == 0 ? 0 : error / limits.hard
    let element = Comparison.Element(
      offset: offset, ours: ours, reference: reference, bound: limits.hard, ulps: ulps)
    if found.worst == nil || ratio > found.boundRatio { found.worst = element }
    if !withinBound && found.firstBeyond == nil { found.firstBeyond = element }
    found.boundRatio = max(found.boundRatio, ratio)
    found.maxAbsolute = max(found.maxAbsolute, error)
    found.maxUlps = max(found.maxUlps, ulps)
    found.maxRelative = max(found.maxRelative, error == 0 ? 0 : error / reference.magnitude)
    if let magnitude = limits.magnitude, error > 0 {
      let unit = formats.reference.unitRoundoff
      found.magnitudeRatio = max(found.magnitudeRatio, error / (unit * magnitude))
    }
  }

  /// NaN against NaN, and infinity against infinity of the same sign, are equal only if the
  /// layer's own input explains them; a stored infinity agrees with a number that its format
  /// cannot hold.
  private func takeNonFinite(
    _ offset: Int, _ ours: Double, _ reference: Double, into found: inout Comparison
  ) {
    let format = formats.reference
    let same = (ours.isNaN && reference.isNaN) || ours == reference
    let overflow =
      reference.isInfinite && ours.sign == reference.sign && ours.isFinite
      && ours.magnitude >= format.overflowThreshold
    guard (same && !inputsAreFinite) || overflow else {
      found.invalid += 1
      let element = Comparison.Element(
        offset: offset, ours: ours, reference: reference, bound: 0, ulps: .infinity)
      if found.firstBeyond == nil { found.firstBeyond = element }
      if !found.boundRatio.isInfinite || found.worst == nil { found.worst = element }
      found.boundRatio = .infinity
      return
    }
    found.explained += 1
    found.informative += 1
  }
}

extension NumberFormat {
  /// The spacing of this format's numbers at `x`.
  fileprivate func ulp(of x: Double) -> Double {
    let magnitude = max(x.magnitude, smallestNormal)
    return Double(sign: .plus, exponent: Int(magnitude.exponent), significand: 1)
      * (2 * unitRoundoff)
  }

  /// The smallest number that rounds to infinity: half a step above the largest finite one.
  fileprivate var overflowThreshold: Double {
    self == .float64 ? .infinity : largestFinite * (1 + unitRoundoff / 2)
  }
}
