import Tensors
import Testing

@Test func `half precision rounds like the hardware type`() {
  // Every finite number, the middle to its neighbour (a tie), and both sides of the middle.
  for bits in 0..<UInt16(0x7C00) {
    let x = Double(Float16(bitPattern: bits))
    let middle = (x + Double(Float16(bitPattern: bits).nextUp)) / 2
    guard middle.isFinite else { continue }
    for value in [x, middle, middle.nextDown, middle.nextUp] {
      let expected = Double(Float16(value))
      guard NumberFormat.float16.rounded(value) == expected,
        NumberFormat.float16.rounded(-value) == -expected
      else {
        Issue.record("\(value) is rounded to \(NumberFormat.float16.rounded(value))")
        return
      }
    }
  }
}

@Test func `bfloat16 rounds the upper half of a float, ties to even`() {
  // Independent of the format's own code: add half of the lower 16 bits, and cut them off.
  func reference(_ x: Float) -> Double {
    let bits = x.bitPattern
    let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000
    return Double(Float(bitPattern: rounded))
  }
  for high in stride(from: UInt32(0), to: 0x7F80, by: 1) {
    for low in [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF] as [UInt32] {
      let x = Float(bitPattern: high << 16 | low)
      guard NumberFormat.bfloat16.rounded(Double(x)) == reference(x) else {
        Issue.record("\(x) is rounded to \(NumberFormat.bfloat16.rounded(Double(x)))")
        return
      }
    }
  }
}

@Test(
  arguments: [
    (1 + 0x1p-8, 1), (1 + 3 * 0x1p-8, 1 + 0x1p-6), (3.14159265, 3.140625),
    (0.1, 0.10009765625), (-0.1, -0.10009765625), (0x1p-133, 0x1p-133), (0x1p-135, 0),
    (0x1.FEp127, 0x1.FEp127), (0x1.FFp127, .infinity), (-0x1.FFp127, -.infinity),
  ] as [(Double, Double)])
func `known bfloat16 values`(_ x: Double, _ expected: Double) {
  #expect(NumberFormat.bfloat16.rounded(x) == expected)
}

@Test(
  arguments: [
    (65_504, 65_504), (65_519.99, 65_504), (65_520, .infinity), (0x1p-24, 0x1p-24),
    (0x1p-25, 0), (0x1.8p-25, 0x1p-24), (1 + 0x1p-11, 1), (0.1, 0.0999755859375),
  ] as [(Double, Double)])
func `known half precision values`(_ x: Double, _ expected: Double) {
  #expect(NumberFormat.float16.rounded(x) == expected)
}

@Test(arguments: NumberFormat.allCases)
func `what is no number stays what it is`(_ format: NumberFormat) {
  #expect(format.rounded(.nan).isNaN)
  #expect(format.rounded(.infinity) == .infinity)
  #expect(format.rounded(-.infinity) == -.infinity)
  #expect(format.rounded(0) == 0)
  #expect(format.rounded(-0.0).sign == .minus)
}

@Test func `wide formats round by the hardware`() {
  #expect(NumberFormat.float32.rounded(0.1) == Double(Float(0.1)))
  #expect(NumberFormat.float64.rounded(0.1) == 0.1)
}

@Test(arguments: NumberFormat.allCases)
func `the figures of a format fit its rounding`(_ format: NumberFormat) {
  let u = format.unitRoundoff
  // 1 + u is a tie that goes to 1; one step further the next number is nearer.
  if format != .float64 {
    #expect(format.rounded(1 + u) == 1)
    #expect(format.rounded((1 + u).nextUp) == 1 + 2 * u)
  }
  #expect(format.rounded(format.largestFinite) == format.largestFinite)
  #expect(format.rounded(format.smallestNormal) == format.smallestNormal)
  #expect(Double.ulpOfOne / 2 == NumberFormat.float64.unitRoundoff)
  #expect(Double(Float.ulpOfOne) / 2 == NumberFormat.float32.unitRoundoff)
  #expect(Double(Float16.ulpOfOne) / 2 == NumberFormat.float16.unitRoundoff)
  #expect(Double(Float16.leastNormalMagnitude) == NumberFormat.float16.smallestNormal)
  #expect(Double(Float.leastNormalMagnitude) == NumberFormat.float32.smallestNormal)
}
