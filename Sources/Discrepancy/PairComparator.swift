import CDiscrepancy
public import Tensors

/// Holds stored numbers of one file against those of another, piece by piece.
///
/// Nearly all elements are done with by a scan in vectors; only what is not finite, zeros of
/// different sign and new maxima are looked at one by one.
public struct PairComparator: Sendable {
  private let limit: StatedLimit
  private let nanIsEqual: Bool
  private let measure: ErrorMeasure
  private let formatsDiffer: Bool
  private let scanLimit: cd_limit
  /// What was found so far.
  public private(set) var found = Comparison()

  /// The elements that are looked at one by one where the scan stops.
  private static var closeUp: Int { 64 }

  /// Prepares to compare.
  ///
  /// - Parameters:
  ///   - limit: What the numbers may lie apart.
  ///   - a: The format of the first side.
  ///   - b: The format of the second side.
  ///   - nanIsEqual: Whether NaN equals any NaN; otherwise only one with the same bits.
  public init(_ limit: StatedLimit, _ a: NumberFormat, _ b: NumberFormat, nanIsEqual: Bool) {
    self.limit = limit
    self.nanIsEqual = nanIsEqual
    let coarser = NumberFormat.coarser(a, b)
    measure = ErrorMeasure(coarser)
    formatsDiffer = a != b
    var scan = cd_limit(
      absolute: 0, relative: 0, ulps: 0, inflation: .infinity,
      spacing: 2 * coarser.unitRoundoff, smallest: coarser.smallestNormal,
      same_format: a == b ? 1 : 0)
    switch limit {
    case .storage:
      // Half a step at the smaller number is exact also where rounding reaches a power of two.
      scan.ulps = a == b ? 0 : 0.5
      scan.inflation = 0
    case .ulps(let count): scan.ulps = count
    case .tolerance(let relative, let absolute):
      (scan.relative, scan.absolute) = (relative, absolute)
    }
    scanLimit = scan
  }

  /// Compares the next elements, the first of which is at `offset` of the whole tensor.
  public mutating func compare(
    _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>, at offset: Int
  ) {
    precondition(a.count == b.count, "\(a.count) elements against \(b.count)")
    compare(a.count, at: offset) { start, limit, maxima, counts in
      cd_scan_f32(
        a.baseAddress.map { $0 + start }, b.baseAddress.map { $0 + start }, a.count - start,
        limit, maxima, counts)
    } pair: { i in
      Pair(a: Double(a[i]), b: Double(b[i]), haveSameBits: a[i].bitPattern == b[i].bitPattern)
    }
  }

  /// Compares the next elements, the first of which is at `offset` of the whole tensor.
  public mutating func compare(
    _ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>, at offset: Int
  ) {
    precondition(a.count == b.count, "\(a.count) elements against \(b.count)")
    compare(a.count, at: offset) { start, limit, maxima, counts in
      cd_scan_f64(
        a.baseAddress.map { $0 + start }, b.baseAddress.map { $0 + start }, a.count - start,
        limit, maxima, counts)
    } pair: { i in
      Pair(a: a[i], b: b[i], haveSameBits: a[i].bitPattern == b[i].bitPattern)
    }
  }

  private struct Pair {
    let a: Double
    let b: Double
    let haveSameBits: Bool
  }

  private typealias Scan = (
    _ start: Int, UnsafePointer<cd_limit>, UnsafePointer<cd_maxima>, UnsafeMutablePointer<cd_counts>
  ) -> Int

  @inline(__always)
  private mutating func compare(
    _ count: Int, at offset: Int, scan: Scan, pair: (Int) -> Pair
  ) {
    var limit = scanLimit
    var done = 0
    while done < count {
      if found.worst != nil {
        var counts = cd_counts(informative: 0, beyond: 0)
        var maxima = found.maxima
        let passed = scan(done, &limit, &maxima, &counts)
        found.count += passed
        found.informative += counts.informative
        found.beyondBound += counts.beyond
        done += passed
      }
      for _ in 0..<min(Self.closeUp, count - done) {
        look(at: pair(done), offset + done)
        done += 1
      }
    }
  }

  // MARK: One by one

  @inline(__always)
  private mutating func look(at pair: Pair, _ offset: Int) {
    found.count += 1
    guard pair.a.isFinite, pair.b.isFinite else {
      lookAtNonFinite(pair, offset)
      return
    }
    if pair.a != 0 || pair.b != 0 {
      found.informative += 1
    } else if !pair.haveSameBits {
      lookAtZeros(pair, offset)
    }
    let error = (pair.a - pair.b).magnitude
    guard error > 0 || found.worst == nil else { return }
    let limit = limit(of: pair)
    measure.take(offset, pair.a, pair.b, error, Limits(hard: limit, usual: limit), into: &found)
  }

  /// The largest error that is accepted: the formula of the scan.
  @inline(__always)
  private func limit(of pair: Pair) -> Double {
    let reference = pair.b.magnitude
    let limit = scanLimit.absolute + scanLimit.relative * reference
    guard scanLimit.ulps != 0 else { return limit }
    let least = min(reference, pair.a.magnitude + scanLimit.inflation)
    return limit + scanLimit.ulps * measure.ulp(of: least)
  }

  /// Zeros of different sign are equal as numbers, but not as bits.
  private mutating func lookAtZeros(_ pair: Pair, _ offset: Int) {
    found.zeroSigns += 1
    guard limit == .storage else { return }
    found.beyondBound += 1
    let element = Comparison.Element(
      offset: offset, ours: pair.a, reference: pair.b, bound: 0, ulps: 0)
    if found.firstBeyond == nil { found.firstBeyond = element }
    if found.worst?.error ?? 0 == 0 { found.worst = found.worst ?? element }
  }

  /// NaN is equal to the same bits, or to any NaN where that was asked for; infinity to itself, and
  /// to what the coarser format cannot hold.
  private mutating func lookAtNonFinite(_ pair: Pair, _ offset: Int) {
    let bothNaN = pair.a.isNaN && pair.b.isNaN
    let isEqual = bothNaN ? pair.haveSameBits || nanIsEqual : pair.a == pair.b
    guard isEqual || overflows(pair.a, pair.b) || overflows(pair.b, pair.a) else {
      found.invalid += 1
      found.boundRatio = .infinity
      let element = Comparison.Element(
        offset: offset, ours: pair.a, reference: pair.b, bound: 0, ulps: .infinity)
      if found.firstBeyond == nil { found.firstBeyond = element }
      if element.isWorse(than: found.worst) { found.worst = element }
      return
    }
    found.explained += 1
    found.informative += 1
    if bothNaN { found.equalNaNs += 1 }
  }

  private func overflows(_ infinite: Double, _ finite: Double) -> Bool {
    formatsDiffer && infinite.isInfinite && finite.isFinite && infinite.sign == finite.sign
      && finite.magnitude >= measure.format.overflowThreshold
  }
}
