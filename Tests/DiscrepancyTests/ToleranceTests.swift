import Discrepancy
import Tensors
import Testing

private func tolerance(
  _ bound: ErrorBound, ours: NumberFormat = .float64, reference: NumberFormat = .float32,
  operandRoundoff: Double? = nil
) -> Tolerance {
  Tolerance(
    bound,
    ComparisonFormats(ours: ours, reference: reference, operandRoundoff: operandRoundoff))
}

private func sum(_ terms: Int, products: Bool = true) -> ErrorBound {
  .sum(terms: terms, magnitude: Tensor(scalar: 1), products: products)
}

@Suite struct ToleranceTests {
  @Test func aSumOfNTermsHasGammaN() {
    // γ(576) = 576u / (1 − 576u) with u = 2⁻²⁴, plus the rounding of the stored 0.5.
    let u = 0x1p-24
    let expected = 576 * u / (1 - 576 * u) + u * 0.5
    let limits = tolerance(sum(576)).window(0..<1).limits(at: 0, value: 0.5)
    #expect((limits.hard - expected).magnitude < 1e-6 * expected)
    #expect(limits.usual < limits.hard)
  }

  @Test func bothSidesOfADoubleReferenceCount() {
    let limits = tolerance(sum(10), reference: .float64).window(0..<1).limits(at: 0, value: 0)
    #expect((limits.hard - 20 * 0x1p-53).magnitude < 1e-3 * limits.hard)
  }

  @Test func aSumTooLongForABoundIsHeldToTheUsualBandAndUnproven() {
    let limits = tolerance(sum(1 << 22)).window(0..<1).limits(at: 0, value: 0)
    #expect(limits.hard == limits.usual)
    // 6·√(2²²)·2⁻²⁴ = 6·2¹¹·2⁻²⁴
    #expect((limits.hard - 6 * 0x1p-13).magnitude < 1e-6)
  }

  @Test func sixteenBitReferencesAddInSinglePrecisionAndRoundOnce() {
    let limits = tolerance(sum(100), reference: .bfloat16).window(0..<1).limits(at: 0, value: 2)
    let expected = (1 + 0x1p-8) * 100 * 0x1p-24 + 2 * 0x1p-8
    #expect((limits.hard - expected).magnitude < 1e-3 * expected)
  }

  @Test func shortenedOperandsWidenProductsOnly() {
    let t = 0x1p-11
    let plain = tolerance(sum(10)).window(0..<1).limits(at: 0, value: 0).hard
    let wide = tolerance(sum(10), operandRoundoff: t).window(0..<1).limits(at: 0, value: 0).hard
    #expect(wide > 2 * t && wide < 2.01 * t)
    let additions = tolerance(sum(10, products: false), operandRoundoff: t)
    #expect(additions.window(0..<1).limits(at: 0, value: 0).hard == plain)
  }

  @Test func exactMeansExact() {
    #expect(tolerance(.exact).window(0..<1).limits(at: 0, value: 3).hard == 0)
    let narrow = tolerance(.exact, ours: .float32, reference: .float64)
    #expect(narrow.window(0..<1).limits(at: 0, value: 3).hard == 0)
  }

  @Test func whatRoundedOperandsMoveIsAdded() {
    let formats = ComparisonFormats(ours: .float32, reference: .float64)
    let shift = Tensor<Double>([3], [0.25, 0, .infinity])
    let magnitude = Tensor<Double>([3], [1, 1, 1])
    let plain = Tolerance(.sum(terms: 3, magnitude: magnitude), formats).window(0..<3)
    let moved = Tolerance(.sum(terms: 3, magnitude: magnitude), formats, shift: shift).window(0..<3)
    for (offset, distance) in shift.elements.enumerated() {
      let expected = plain.limits(at: offset, value: 1).hard + distance
      #expect(moved.limits(at: offset, value: 1).hard == expected)
    }
    let exact = Tolerance(.exact, formats, shift: shift).window(0..<3)
    #expect(exact.limits(at: 0, value: 3).hard == 0.25 && exact.limits(at: 1, value: 3).hard == 0)
  }

  @Test(arguments: NumberFormat.allCases)
  func limitsAreNeverNaNOrNegative(_ format: NumberFormat) {
    let magnitudes = Tensor<Double>([4], [0, 1e300, .infinity, .leastNonzeroMagnitude])
    for bound in [ErrorBound.sum(terms: 7, magnitude: magnitudes), .elementwise(magnitudes)] {
      for offset in 0..<4 {
        let limits = tolerance(bound, reference: format).window(0..<4).limits(at: offset, value: 1)
        #expect(limits.hard >= 0 && limits.usual >= 0 && limits.usual <= limits.hard)
      }
    }
  }

  @Test func aBoundThatIsNaNIsNoBound() {
    let bound = ErrorBound.elementwise(Tensor(scalar: .nan))
    #expect(tolerance(bound).window(0..<1).limits(at: 0, value: 1).hard == .infinity)
  }

  @Test func theDetectableTermGrowsWithTheSquareOfTheLength() {
    let short = tolerance(sum(27)).detectableTerm ?? .nan
    let long = tolerance(sum(4096)).detectableTerm ?? .nan
    #expect(short < 1e-4 && long >= 1)
    #expect(tolerance(.exact).detectableTerm == nil)
  }
}
