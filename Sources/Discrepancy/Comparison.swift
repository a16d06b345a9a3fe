/// What was found when one tensor was held against its reference, element by element.
///
/// Numbers only; `Verdict` says what they mean.
public struct Comparison: Hashable, Sendable {
  /// The number of elements compared.
  public var count = 0
  /// Elements in which an error could have shown: something was added up, or a side is not zero.
  public var informative = 0
  /// Elements whose error exceeds the proven bound.
  public var beyondBound = 0
  /// Elements within the proven bound whose error exceeds the usual band.
  public var beyondBand = 0
  /// Elements within reach of no bound.
  public var unproven = 0
  /// Elements that are NaN or infinite where the other side, or the layer's input, gives no cause.
  public var invalid = 0
  /// Elements that are not finite on either side, for a cause in the layer's own input.
  public var explained = 0
  /// Elements that are NaN on both sides and count as equal, all of them explained.
  public var equalNaNs = 0
  /// Zeros whose sign is not that of the zero on the other side.
  public var zeroSigns = 0

  /// The largest |ours − reference|.
  public var maxAbsolute = 0.0
  /// The largest |ours − reference| / |reference|.
  public var maxRelative = 0.0
  /// The largest error in units in the last place of the reference.
  public var maxUlps = 0.0
  /// The largest error as a multiple of its bound; infinite where the bound is zero.
  public var boundRatio = 0.0
  /// The largest error as a multiple of u·B, for sums.
  public var magnitudeRatio = 0.0
  /// The largest bound of an element that has one.
  public var maxBound = 0.0

  /// The element that is furthest beyond its bound (or closest to it): one that is not finite
  /// before all others, and of equal shares the one with the largest error.
  public var worst: Element?
  /// The first element beyond its bound or invalid, in row-major order.
  public var firstBeyond: Element?

  /// One element on both sides.
  public struct Element: Hashable, Sendable {
    /// The row-major offset.
    public var offset: Int
    /// The value computed here.
    public var ours: Double
    /// The value of the reference.
    public var reference: Double
    /// The bound of its error.
    public var bound: Double
    /// The error in units in the last place of the reference.
    public var ulps: Double

    /// Gathers what is known of one element.
    public init(offset: Int, ours: Double, reference: Double, bound: Double, ulps: Double) {
      self.offset = offset
      self.ours = ours
      self.reference = reference
      self.bound = bound
      self.ulps = ulps
    }

    /// |ours − reference|; infinite where one of them is not finite.
    var error: Double {
      let error = (ours - reference).magnitude
      return error.isNaN ? .infinity : error
    }

    /// The error as a multiple of the bound: 0 for none, infinite where the bound is zero.
    var boundRatio: Double { error == 0 ? 0 : bound.isInfinite ? 0 : error / bound }

    /// Whether this element shows more of what is wrong; of equals the earlier one stays.
    func isWorse(than other: Element?) -> Bool {
      guard let other else { return true }
      let isFinite = ours.isFinite && reference.isFinite
      let otherIsFinite = other.ours.isFinite && other.reference.isFinite
      guard isFinite == otherIsFinite else { return !isFinite }
      let (own, others) = ((boundRatio, error), (other.boundRatio, other.error))
      return own == others ? offset < other.offset : own > others
    }
  }

  /// A comparison of nothing yet.
  public init() {}

  /// Takes in what was found in another part of the same tensor; parts may come in any order.
  public mutating func merge(_ later: Comparison) {
    count += later.count
    informative += later.informative
    beyondBound += later.beyondBound
    beyondBand += later.beyondBand
    unproven += later.unproven
    invalid += later.invalid
    explained += later.explained
    equalNaNs += later.equalNaNs
    zeroSigns += later.zeroSigns
    maxAbsolute = max(maxAbsolute, later.maxAbsolute)
    maxRelative = max(maxRelative, later.maxRelative)
    maxUlps = max(maxUlps, later.maxUlps)
    magnitudeRatio = max(magnitudeRatio, later.magnitudeRatio)
    maxBound = max(maxBound, later.maxBound)
    if let other = later.worst, other.isWorse(than: worst) { worst = other }
    boundRatio = max(boundRatio, later.boundRatio)
    if let other = later.firstBeyond, other.offset < firstBeyond?.offset ?? .max {
      firstBeyond = other
    }
  }
}
