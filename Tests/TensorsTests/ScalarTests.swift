import RealModule
import Tensors
import Testing

/// A maximum whose result says which operand was chosen: their derivatives are 1 and 2.
private func chosen(_ a: Double, _ b: Double) -> Double {
  Dual.maximum(Dual(a, derivative: 1), Dual(b, derivative: 2)).derivative
}

@Test func `the maximum takes the larger, the first of two equal ones`() {
  #expect(chosen(1, 2) == 2)
  #expect(chosen(2, 1) == 1)
  #expect(chosen(3, 3) == 1)
  #expect(chosen(0, -0.0) == 1)
  #expect(chosen(-.infinity, -1) == 2)
}

@Test func `the maximum with a NaN is NaN`() {
  #expect(Dual.maximum(Dual(.nan), Dual(1)).isNaN)
  #expect(Dual.maximum(Dual(1), Dual(.nan)).isNaN)
  func maximum<S: Scalar>(_ a: S, _ b: S) -> S { .maximum(a, b) }
  #expect(maximum(Float.nan, 1).isNaN)
  #expect(maximum(1, Float.nan).isNaN)
  #expect(maximum(2.0, 3.0) == 3)
}

@Test func `the magnitude turns the derivative with the sign`() {
  #expect(Dual.magnitude(Dual(-2, derivative: 3)) == Dual(2, derivative: -3))
  #expect(Dual.magnitude(Dual(2, derivative: 3)) == Dual(2, derivative: 3))
}

@Test func `constants have no derivative`() {
  #expect(Dual.zero == Dual(0, derivative: 0))
  #expect(Dual.one == Dual(1, derivative: 0))
  #expect(Dual(2.5).value == 2.5)
}

/// The functions of a scalar at one point, in the order of the protocol.
private func functions<S: Scalar>(_ x: S) -> [Double] {
  [
    S.exp(x), S.expMinusOne(x), S.log(x), S.log(onePlus: x), S.tanh(x), S.erf(x),
    S.squareRoot(x), S.power(x, 2), S.power(x, 0.5), S.power(x, -1), S.zero, S.one,
  ].map(\.value)
}

@Test func `single, double and dual numbers compute the same functions`() {
  let double = functions(1.25)
  #expect(functions(Dual(1.25)) == double)
  for (single, double) in zip(functions(Float(1.25)), double) {
    #expect((single - double).magnitude <= 0x1p-22 * double.magnitude)
  }
  // e^1.25, from a table.
  #expect((double[0] - 3.490342957461841).magnitude < 1e-15)
  #expect((double[5] - 0.9229001282564582).magnitude < 1e-15)
}

@Test func `a whole power of a negative number is a number`() {
  #expect(Double.power(-2, 3) == -8)
  #expect(Float.power(-2, 2) == 4)
  #expect(Dual.power(Dual(-2, derivative: 1), 3) == Dual(-8, derivative: 12))
  #expect(Double.power(-2, 0.5).isNaN)
}

@Test func `every hardware type names its format`() {
  #expect(Float.format == .float32)
  #expect(Double.format == .float64)
}
