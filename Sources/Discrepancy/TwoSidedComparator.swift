public import Tensors

/// Holds two recordings of one result against each other, each of which has a bound of its own.
///
/// With f and f′ the exact results of what each side computed from, and τ and τ′ the bounds of
/// their rounding, correct recordings A and B are within
///
///     |A − B| ≤ |f − f′| + min(min(τ, |A − f|) + τ′, τ + min(τ′, |B − f′|))
///
/// Where A is closer to f than it has to be, which is nearly always, the limit is little more than
/// τ′, and the other way round. Where both are beyond their bounds, as two frameworks are that
/// share a definition of their own, it is τ + τ′.
public struct TwoSidedComparator: Sendable {
  /// One side of the comparison.
  public struct Side: Sendable {
    /// What the side recorded.
    public let recorded: Tensor<Double>
    /// What it should be, from the side's own operands, in double precision.
    public let exact: Tensor<Double>
    /// The bound of |recorded − exact|.
    public let tolerance: Tolerance

    /// Gathers one side.
    public init(recorded: Tensor<Double>, exact: Tensor<Double>, tolerance: Tolerance) {
      self.recorded = recorded
      self.exact = exact
      self.tolerance = tolerance
    }
  }

  private let a: Side
  private let b: Side
  private let inputsAreFinite: Bool

  /// The number of elements of a block.
  private static var block: Int { 1 << 15 }

  /// Prepares to compare; not a number agrees with itself only where inputs are not finite.
  public init(_ a: Side, _ b: Side, inputsAreFinite: Bool) {
    precondition(
      a.recorded.shape == b.recorded.shape && a.exact.count == a.recorded.count
        && b.exact.count == b.recorded.count, "one shape")
    self.a = a
    self.b = b
    self.inputsAreFinite = inputsAreFinite
  }

  /// What is found in all elements.
  public func run() -> Comparison {
    let count = a.recorded.count
    let formats = (a.tolerance.formats.reference, b.tolerance.formats.reference)
    let coarser = NumberFormat.coarser(formats.0, formats.1) == formats.0 ? a : b
    let judge = ElementJudge(coarser.tolerance, inputsAreFinite: inputsAreFinite)
    let parts = Parallel.map((count + Self.block - 1) / Self.block) { index in
      let range = index * Self.block..<min((index + 1) * Self.block, count)
      return part(range, judge)
    }
    var found = Comparison()
    for part in parts { found.merge(part) }
    return found
  }

  private func part(_ range: Range<Int>, _ judge: ElementJudge) -> Comparison {
    var found = Comparison()
    let windows = (a: a.tolerance.window(range), b: b.tolerance.window(range))
    let (recordedA, recordedB) = (a.recorded.elements, b.recorded.elements)
    let (exactA, exactB) = (a.exact.elements, b.exact.elements)
    for offset in range {
      let place = offset - range.lowerBound
      let (x, y, f, g) = (recordedA[offset], recordedB[offset], exactA[offset], exactB[offset])
      let own = windows.a.limits(at: place, f)
      let other = windows.b.limits(at: place, g)
      let shift = f == g ? 0 : (f - g).magnitude
      // Not a number says nothing of how far apart correct results are.
      let distance = shift.isNaN ? .infinity : shift
      let (errorA, errorB) = ((x - f).magnitude, (y - g).magnitude)
      let hard = Self.limit(own.hard, other.hard, errorA, errorB) + distance
      let usual = Self.limit(own.usual, other.usual, errorA, errorB) + distance
      judge.take(
        offset, x, y, max(windows.a.figure(at: place), windows.b.figure(at: place)),
        Limits(hard: hard, usual: min(hard, usual)), into: &found)
    }
    return found
  }

  /// min(min(τ, |A − f|) + τ′, τ + min(τ′, |B − f′|)); an error that is NaN counts as its bound.
  @inline(__always)
  private static func limit(
    _ own: Double, _ other: Double, _ errorA: Double, _ errorB: Double
  ) -> Double {
    let first = (errorA < own ? errorA : own) + other
    let second = own + (errorB < other ? errorB : other)
    return min(first, second)
  }
}
