import Tensors

/// The limits of the error of one element.
public struct Limits: Equatable, Sendable {
  /// Beyond it the error is no rounding; infinite where nothing is known.
  public var hard: Double
  /// What correct results of ordinary data stay within; never above `hard`.
  public var usual: Double
}

/// How the limits of an element follow from a figure f and from its value v.
///
/// f is the element's magnitude B, or a bound of its own:
///
///     hard = figureFactor·f + valueFactor·|v| + floor + shift, the floor only where f ≠ 0
///
/// and `usual` the same with `usualFactor`, but never more than `hard`.
struct LimitRule: Hashable, Sendable {
  let figureFactor: Double
  let usualFactor: Double
  let valueFactor: Double
  let floor: Double
  /// Whether `hard` is a proven bound wherever it is finite.
  let isProven: Bool
  /// Whether f is the magnitude B of a sum.
  let isSum: Bool

  /// Equal values.
  static let exact = LimitRule(
    figureFactor: 0, usualFactor: 0, valueFactor: 0, floor: 0, isProven: true, isSum: false)

  /// The figure is the bound itself.
  static let elementwise = LimitRule(
    figureFactor: 1, usualFactor: 1, valueFactor: 0, floor: 0, isProven: true, isSum: false)

  /// The figure is a limit that nobody proved.
  static let measured = LimitRule(
    figureFactor: 1, usualFactor: 1, valueFactor: 0, floor: 0, isProven: false, isSum: false)

  /// A sum of n terms of total magnitude B: τ = γ(n)·B + u·|v|.
  ///
  /// The second part is the rounding of the stored result. Usual is 6·√n·u·B, what correct results of ordinary data stay below.
  /// Where n is so large that γ(n) says nothing, the usual band is the limit, unproven.
  static func sum(_ terms: Int, products: Bool, _ formats: ComparisonFormats) -> LimitRule {
    let theirs = Rounding(formats.accumulation)
    let ours = Rounding(formats.ours)
    let stored = formats.reference.unitRoundoff
    let storedOnce = formats.accumulation == formats.reference ? 0 : stored
    var reference = (1 + storedOnce) * theirs.gamma(terms)
    var usual = 6 * Double(terms).squareRoot() * (theirs.unit + ours.unit)
    if products, let t = formats.operandRoundoff {
      // Both operands of each product are rounded to t before they are multiplied:
      // (1 + t)² · (1 + γ(n)) − 1 = (2t + t²) + (1 + t)²·γ(n).
      reference = (2 * t + t * t) + (1 + t) * (1 + t) * reference
      usual += 2 * t + t * t
    }
    let proven = reference + ours.gamma(terms)
    return LimitRule(
      figureFactor: proven.isFinite ? proven : usual, usualFactor: usual,
      valueFactor: stored, floor: underflow(terms, formats.reference),
      isProven: proven.isFinite, isSum: true)
  }

  /// The error that underflow adds: a step of the subnormal numbers for each product.
  ///
  /// Sums are exact where they underflow, but products are not.
  private static func underflow(_ terms: Int, _ format: NumberFormat) -> Double {
    Double(terms) * format.smallestNormal * 2 * format.unitRoundoff
  }

  /// The limits of an element.
  @inline(__always)
  func limits(figure: Double, value: Double, shift: Double) -> Limits {
    let base = valueFactor * value.magnitude + (figure == 0 ? 0 : floor) + shift
    let hard = figure == 0 ? base : figureFactor * figure + base
    let usual = figure == 0 ? base : usualFactor * figure + base
    return Limits(hard: hard, usual: min(hard, usual))
  }
}
