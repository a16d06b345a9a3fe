public import Tensors

/// How the two sides of a comparison were computed and stored.
public struct ComparisonFormats: Hashable, Sendable {
  /// The format in which this toolkit computed.
  public let ours: NumberFormat
  /// The format in which the reference is stored.
  public let reference: NumberFormat
  /// The precision to which the reference shortened the operands of products (TF32, bfloat16).
  public let operandRoundoff: Double?

  /// Describes both sides.
  public init(ours: NumberFormat, reference: NumberFormat, operandRoundoff: Double? = nil) {
    self.ours = ours
    self.reference = reference
    self.operandRoundoff = operandRoundoff
  }

  /// The arithmetic in which a reference of 16 bits adds: frameworks accumulate in float32.
  var accumulation: NumberFormat {
    switch reference {
    case .float16, .bfloat16: .float32
    case .float32, .float64: reference
    }
  }

  /// u of this side where it computes in a narrower format than the reference is stored in: then
  /// already the operands were rounded.
  var narrowing: Double {
    ours.unitRoundoff > reference.unitRoundoff ? ours.unitRoundoff : 0
  }

  /// The rounding for which a layer evaluates its own bounds: both sides together.
  ///
  /// A layer of several operations stores its intermediate results too, so that a reference of
  /// 16 bits is taken to round everything to its own format.
  public var rounding: Rounding {
    let widest = max(reference.unitRoundoff, operandRoundoff ?? 0)
    return Rounding(unit: widest, underflow: reference.smallestNormal)
      .combined(with: Rounding(ours))
  }
}

/// The largest error of each element that rounding explains.
///
/// Finite or infinite, never negative and never NaN: infinite where no bound exists.
public struct Tolerance: Sendable {
  /// What the bound was derived from.
  public let bound: ErrorBound
  /// The formats of both sides.
  public let formats: ComparisonFormats

  /// γ(n) of both sides together, with shortened operands where the reference has them.
  private let factor: Double
  /// 6·√n·u of both sides: what correct results of ordinary data stay below.
  private let usualFactor: Double

  /// Makes the tolerance that a bound gives for two formats.
  public init(_ bound: ErrorBound, _ formats: ComparisonFormats) {
    self.bound = bound
    self.formats = formats
    guard case .accumulated(let terms, _, let products) = bound else {
      (factor, usualFactor) = (0, 0)
      return
    }
    let theirs = Rounding(formats.accumulation)
    let ours = Rounding(formats.ours)
    let stored = formats.reference.unitRoundoff
    let storedOnce = formats.accumulation == formats.reference ? 0 : stored
    var reference = (1 + storedOnce) * theirs.gamma(terms)
    var usual = 6 * Double(terms).squareRoot() * (theirs.unit + ours.unit)
    let shortened = max(formats.operandRoundoff ?? 0, formats.narrowing)
    if products, shortened > 0 {
      let t = shortened
      // Both operands of each product are rounded to t before they are multiplied:
      // (1 + t)² · (1 + γ(n)) − 1 = (2t + t²) + (1 + t)²·γ(n).
      reference = (2 * t + t * t) + (1 + t) * (1 + t) * reference
      usual += 2 * t + t * t
    }
    factor = reference + ours.gamma(terms)
    usualFactor = usual
  }

  /// The limits of one element.
  public struct Limits: Equatable, Sendable {
    /// Beyond it the error is no rounding; infinite where nothing is known.
    public var hard: Double
    /// What correct results of ordinary data stay within; never above `hard`.
    public var usual: Double
    /// B, the magnitude of what was added up; nil where the bound is of another kind.
    public var magnitude: Double?
    /// Whether `hard` is a proven bound.
    public var isProven: Bool
  }

  /// The limits of a range of elements, which then can be asked for one by one.
  public func window(_ range: Range<Int>) -> Window {
    switch bound {
    case .exact: Window(tolerance: self, start: range.lowerBound, figures: [])
    case .accumulated(_, let magnitude, _):
      Window(tolerance: self, start: range.lowerBound, figures: magnitude.elements(range))
    case .elementwise(let bounds):
      Window(tolerance: self, start: range.lowerBound, figures: Array(bounds.elements[range]))
    }
  }

  /// The limits of a range of elements.
  public struct Window: Sendable {
    fileprivate let tolerance: Tolerance
    fileprivate let start: Int
    /// B or the bound of each element; empty where the bound is zero throughout.
    fileprivate let figures: [Double]

    /// The limits of the element at `offset` of the whole tensor, computed here as `value`.
    public func limits(at offset: Int, value: Double) -> Limits {
      tolerance.limits(figure: figures.isEmpty ? 0 : figures[offset - start], value: value)
    }
  }

  /// The limits of an element of magnitude or bound `figure`, computed here as `value`.
  ///
  /// τ = γ(n)·B + u·|value| for a sum of n terms of total magnitude B; the second part is the
  /// rounding of the stored result. Where n is so large that γ(n) says nothing, the usual band
  /// is the limit.
  private func limits(figure: Double, value: Double) -> Limits {
    switch bound {
    case .exact:
      let limit = formats.narrowing * value.magnitude
      return Limits(hard: limit, usual: limit, magnitude: nil, isProven: true)
    case .accumulated:
      let b = figure
      let stored = max(formats.reference.unitRoundoff, formats.narrowing) * value.magnitude
      let floor = b == 0 ? 0 : underflow
      let usual = usualFactor * b + stored + floor
      guard factor.isFinite else {
        return Limits(hard: usual, usual: usual, magnitude: b, isProven: false)
      }
      let hard = factor * b + stored + floor
      return Limits(hard: hard, usual: min(hard, usual), magnitude: b, isProven: true)
    case .elementwise:
      let limit = figure.isNaN ? .infinity : figure
      return Limits(hard: limit, usual: limit, magnitude: nil, isProven: limit.isFinite)
    }
  }

  /// The error that underflow adds: half a step of the subnormals for a stored 16-bit result.
  ///
  /// Sums in float32 and float64 are exact where they underflow, but products are not: the
  /// smallest subnormal number for each.
  private var underflow: Double {
    guard case .accumulated(let terms, _, _) = bound, terms > 0 else { return 0 }
    let format = formats.reference
    let step = format.smallestNormal * 2 * format.unitRoundoff
    return step * Double(terms)
  }

  /// The number of terms of the sum, for a sum.
  public var terms: Int? {
    if case .accumulated(let terms, _, _) = bound { terms } else { nil }
  }

  /// The smallest relative change of one average term that must exceed τ: n·γ(n), for a sum.
  ///
  /// An average term is B/n. From 1 on, losing a whole term could stay unseen.
  public var detectableTerm: Double? {
    terms.map { Double($0) * factor }
  }
}
