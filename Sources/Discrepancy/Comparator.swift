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
  private let measure: ErrorMeasure
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
    found.informative += 1
  }
}
