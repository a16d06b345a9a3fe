import Discrepancy
import Tensors
import Testing

/// Stored numbers against stored numbers, by a limit that knows no layer.
@Suite struct PairComparatorTests {
  private func compare(
    _ a: [Float], _ b: [Float], _ limit: StatedLimit, nanIsEqual: Bool = false, step: Int = .max
  ) -> Comparison {
    var comparator = PairComparator(limit, .float32, .float32, nanIsEqual: nanIsEqual)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for start in stride(from: 0, to: a.count, by: min(step, a.count)) {
          let range = start..<min(start + min(step, a.count), a.count)
          comparator.compare(
            UnsafeBufferPointer(rebasing: a[range]), UnsafeBufferPointer(rebasing: b[range]),
            at: start)
        }
      }
    }
    return comparator.found
  }

  /// Numbers of many magnitudes, of which every `period`th is off by some units.
  private func pair(_ count: Int, period: Int) -> (a: [Float], b: [Float]) {
    var state: UInt32 = 7
    let a = (0..<count).map { index -> Float in
      state = state &* 1_664_525 &+ 1_013_904_223
      let magnitude = Float(state >> 8) / 0x1p20 + 0x1p-3
      return index % 5 == 0 ? 0 : (index % 2 == 0 ? magnitude : -magnitude)
    }
    let b = a.enumerated().map { index, value in
      index % period == 0 && value != 0 ? value + value.ulp * Float(index % 7) : value
    }
    return (a, b)
  }

  @Test(arguments: [1, 3, 1000], [1, 64, 100, .max])
  func theScanFindsWhatOneByOneIsFound(_ period: Int, _ step: Int) {
    let (a, b) = pair(5003, period: period)
    for limit in [StatedLimit.storage, .ulps(2), .tolerance(relative: 2e-7, absolute: 1e-8)] {
      let found = compare(a, b, limit, step: step)
      var (beyond, first, largest, ulps) = (0, Int?.none, 0.0, 0.0)
      for (index, (x, y)) in zip(a, b).enumerated() {
        let error = abs(Double(x) - Double(y))
        let unit = Double(y.ulp)
        let accepted =
          switch limit {
          case .storage: 0.0
          case .ulps(let count): count * unit
          case .tolerance(let relative, let absolute): absolute + relative * Double(abs(y))
          }
        if !(error <= accepted) {
          beyond += 1
          first = first ?? index
        }
        largest = max(largest, error)
        ulps = max(ulps, error / unit)
      }
      #expect(found.count == 5003 && found.informative == a.count { $0 != 0 })
      #expect(found.beyondBound == beyond && found.firstBeyond?.offset == first)
      #expect(found.maxAbsolute == largest && found.maxUlps == ulps)
    }
  }

  @Test func theWorstElementIsTheOneFurthestBeyondItsLimit() {
    var (a, b) = ([Float](repeating: 1, count: 1000), [Float](repeating: 1, count: 1000))
    (a[500], b[500]) = (1, 2)
    (a[700], b[700]) = (1e6, 1e6 + 100)
    let relative = compare(a, b, .tolerance(relative: 1e-3, absolute: 0))
    #expect(relative.worst?.offset == 500 && relative.maxAbsolute == 100)
    let bits = compare(a, b, .storage)
    #expect(bits.worst?.offset == 700 && bits.firstBeyond?.offset == 500)
  }

  @Test func notANumberIsNeverPassedOver() {
    var (a, b) = ([Float](repeating: 1, count: 300), [Float](repeating: 1, count: 300))
    (a[77], b[77]) = (.nan, Float(nan: 3, signaling: false))
    #expect(Verdict(compare(a, b, .tolerance(relative: 1, absolute: 1e30))) == .invalid)
    let asked = compare(a, b, .storage, nanIsEqual: true)
    #expect(Verdict(asked) == .agree && asked.equalNaNs == 1)
    b[77] = 1
    #expect(compare(a, b, .storage, nanIsEqual: true).invalid == 1)
    (a[77], b[77]) = (.nan, .nan)
    #expect(Verdict(compare(a, b, .storage)) == .agree)
  }

  @Test func aWiderNumberMustRoundToTheNarrowerOne() {
    // 1 and its neighbours in float32, and the borders between them.
    let cases: [(wide: Double, narrow: Float, isOne: Bool)] = [
      (1 + 0x1p-24, 1, true), (1 + 0x1.01p-24, 1, false), (1 - 0x1p-25, 1, true),
      (1 - 0x1.01p-25, 1, false), (1 - 0x1p-24, 1, false), (0x1p-150, 0, true),
      (0x1.1p-150, 0, false), (0x1.FFFFFFp127, .infinity, true), (0x1.FFFFFEp127, .infinity, false),
    ]
    for (wide, narrow, isOne) in cases {
      for isFirst in [true, false] {
        var comparator = PairComparator(
          .storage, isFirst ? .float64 : .float32, isFirst ? .float32 : .float64,
          nanIsEqual: false)
        [wide].withUnsafeBufferPointer { wide in
          [Double(narrow)].withUnsafeBufferPointer { narrow in
            comparator.compare(isFirst ? wide : narrow, isFirst ? narrow : wide, at: 0)
          }
        }
        #expect(Verdict(comparator.found).isFailure != isOne, "\(wide) and \(narrow)")
      }
    }
  }
}

/// Two recordings of one result, each with its own bound.
@Suite struct TwoSidedComparatorTests {
  /// A sum of 100 terms of total magnitude 1: τ = γ(100)·1 + u = 6.0e-6 in float32.
  private func compare(_ a: Double, _ b: Double, exact: Double = 1, other: Double? = nil) -> Verdict
  {
    func side(_ recorded: Double, _ exact: Double) -> TwoSidedComparator.Side {
      let one = Tensor<Double>(Shape([1]), [1])
      return TwoSidedComparator.Side(
        recorded: Tensor(Shape([1]), [recorded]), exact: Tensor(Shape([1]), [exact]),
        tolerance: Tolerance(
          .sum(terms: 100, magnitude: one), ComparisonFormats(ours: .float64, reference: .float32)))
    }
    return Verdict(
      TwoSidedComparator(side(a, exact), side(b, other ?? exact), inputsAreFinite: true).run())
  }

  @Test func eachSideHasItsOwnBound() {
    #expect(compare(1 + 1e-6, 1 - 1e-6) == .agree)
    #expect(compare(1, 1 + 7e-6) == .differ)
    #expect(compare(1 + 7e-6, 1) == .differ)
    // Each within its own bound, on opposite sides.
    #expect(!compare(1 + 5e-6, 1 - 5e-6).isFailure)
    // Both far from the definition, and close to each other.
    #expect(!compare(1.5, 1.5 + 5e-6).isFailure)
    #expect(compare(1.5, 1.5 + 2e-5) == .differ)
  }

  @Test func whatTheOperandsDifferInIsExplained() {
    #expect(compare(1, 1.25, exact: 1, other: 1.25) == .agree)
    #expect(compare(1, 1.26, exact: 1, other: 1.25) == .differ)
    #expect(compare(.nan, 1) == .invalid && compare(.nan, .nan) == .invalid)
  }
}
