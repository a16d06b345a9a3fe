import Tensors
import Testing

@Test func `gamma is n·u / (1 − n·u)`() {
  let rounding = Rounding(unit: 0x1p-10, underflow: 0)
  // n·u = 1/8: (1/8)/(7/8) = 1/7.
  #expect(rounding.gamma(128) == 0.125 / 0.875)
  #expect(rounding.gamma(0) == 0)
  #expect(rounding.gamma(1) == 0x1p-10 / (1 - 0x1p-10))
}

@Test func `gamma says nothing from a quarter on`() {
  let rounding = Rounding(unit: 0x1p-10, underflow: 0)
  #expect(rounding.gamma(255).isFinite)
  #expect(rounding.gamma(256) == .infinity)
}

@Test(arguments: NumberFormat.allCases)
func `a format gives its own figures`(_ format: NumberFormat) {
  let rounding = Rounding(format)
  #expect(rounding.unit == format.unitRoundoff)
  #expect(rounding.underflow == format.smallestNormal)
}

@Test func `two arithmetics together allow at least the sum of both`() {
  let (a, b) = (Rounding(.float32), Rounding(.float16))
  let both = a.combined(with: b)
  #expect(both.unit == 0x1p-24 + 0x1p-11)
  #expect(both.underflow == 0x1p-126 + 0x1p-14)
  for n in [1, 3, 100, 400] { #expect(both.gamma(n) >= a.gamma(n) + b.gamma(n)) }
}

@Test func `a sum of equal terms keeps within gamma`() {
  // 0.1 in single precision, added 1000 times: the error is below γ(999)·Σ|x|.
  let term = Float(0.1)
  let sum = (0..<1_000).reduce(Float(0)) { sum, _ in sum + term }
  let exact = 1_000 * Double(term)
  let bound = Rounding(.float32).gamma(999) * exact
  #expect((Double(sum) - exact).magnitude <= bound)
  #expect(Double(sum) != exact)
}

@Test func `a rounding without a unit ends the program`() async {
  await #expect(processExitsWith: .failure) { _ = Rounding(unit: 0, underflow: 0) }
}
