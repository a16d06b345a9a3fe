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

  /// How the limits follow from B or the bound of an element.
  let rule: LimitRule

  /// How far each element may lie off for a reason that is no rounding of the computation.
  private let shift: Tensor<Double>?

  /// Makes the tolerance that a bound gives for two formats.
  ///
  /// - Parameters:
  ///   - bound: What rounding may do while the layer computes.
  ///   - formats: How both sides compute and store.
  ///   - shift: How far the result of this side lies off because its operands were rounded first;
  ///     nil where they were not.
  public init(_ bound: ErrorBound, _ formats: ComparisonFormats, shift: Tensor<Double>? = nil) {
    self.bound = bound
    self.formats = formats
    self.shift = shift
    rule =
      switch bound {
      case .exact: .exact
      case .accumulated(let terms, _, let products): .sum(terms, products: products, formats)
      case .elementwise: .elementwise
      case .measured: .measured
      }
  }

  /// The limits of a range of elements, which then can be asked for one by one.
  public func window(_ range: Range<Int>) -> Window {
    let figures: Magnitude.Window =
      switch bound {
      case .exact: Magnitude.Window(elements: [], first: 0)
      case .accumulated(_, let magnitude, _): magnitude.window(range)
      case .elementwise(let bounds), .measured(let bounds):
        Magnitude.Window(elements: bounds.elements, first: range.lowerBound)
      }
    // A scan reads them without asking for each.
    let isWhole = figures.elements.count - figures.first >= range.count
    precondition(isWhole || rule == .exact || range.isEmpty, "a figure for each element")
    precondition(shift.map { $0.count >= range.upperBound } ?? true, "a shift for each element")
    return Window(
      rule: rule, start: range.lowerBound, figures: figures.elements, first: figures.first,
      shifts: shift?.elements ?? [])
  }

  /// The limits of a range of elements.
  public struct Window: Sendable {
    let rule: LimitRule
    let start: Int
    /// B or the bound of each element, as it was given; empty where the bound is zero throughout.
    let figures: [Double]
    /// Where the figures of the range start.
    let first: Int
    /// The shift of each element of the whole tensor; empty where there is none.
    let shifts: [Double]

    /// The limits of the element at `offset` of the whole tensor, computed here as `value`.
    public func limits(at offset: Int, value: Double) -> Limits {
      limits(at: offset - start, value)
    }

    @inline(__always)
    func figure(at place: Int) -> Double {
      guard !figures.isEmpty else { return 0 }
      let figure = figures[first + place]
      // A bound that is NaN is no bound.
      return figure.isNaN && !rule.isSum ? .infinity : figure
    }

    @inline(__always)
    func limits(at place: Int, _ value: Double) -> Limits {
      rule.limits(
        figure: figure(at: place), value: value,
        shift: shifts.isEmpty ? 0 : shifts[start + place])
    }
  }

  /// The number of terms of the sum, for a sum.
  public var terms: Int? {
    if case .accumulated(let terms, _, _) = bound { terms } else { nil }
  }

  /// The smallest relative change of one average term that must exceed τ: n·γ(n), for a sum.
  ///
  /// An average term is B/n. From 1 on, losing a whole term could stay unseen.
  public var detectableTerm: Double? {
    terms.map { Double($0) * rule.figureFactor }
  }
}
