import RealModule
import Tensors
import Testing

/// A function of one number, with the derivative that a table of derivatives gives.
struct Derivative: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let points: [Double]
  let dual: @Sendable (Dual) -> Dual
  let plain: @Sendable (Double) -> Double
  let closedForm: @Sendable (Double) -> Double

  static let all: [Derivative] = [
    Derivative(
      testDescription: "exp", points: [-3, 0, 0.7, 5], dual: { .exp($0) },
      plain: { .exp($0) }, closedForm: { .exp($0) }),
    Derivative(
      testDescription: "expMinusOne", points: [-3, 0, 1e-9, 2], dual: { .expMinusOne($0) },
      plain: { .expMinusOne($0) }, closedForm: { .exp($0) }),
    Derivative(
      testDescription: "log", points: [0.01, 1, 40], dual: { .log($0) },
      plain: { .log($0) }, closedForm: { 1 / $0 }),
    Derivative(
      testDescription: "log(onePlus:)", points: [-0.9, 0, 1e-9, 3],
      dual: { .log(onePlus: $0) }, plain: { .log(onePlus: $0) }, closedForm: { 1 / (1 + $0) }),
    Derivative(
      testDescription: "tanh", points: [-2, 0, 0.3, 3], dual: { .tanh($0) },
      plain: { .tanh($0) }, closedForm: { 1 / (Double.cosh($0) * Double.cosh($0)) }),
    Derivative(
      testDescription: "erf", points: [-2, 0, 0.3, 1.5], dual: { .erf($0) },
      plain: { .erf($0) },
      closedForm: { 2 / Double.pi.squareRoot() * Double.exp(-($0 * $0)) }),
    Derivative(
      testDescription: "squareRoot", points: [0.01, 1, 2, 900], dual: { .squareRoot($0) },
      plain: { $0.squareRoot() }, closedForm: { 0.5 / $0.squareRoot() }),
    Derivative(
      testDescription: "the cube", points: [-2, -0.5, 0, 3], dual: { .power($0, 3) },
      plain: { $0 * $0 * $0 }, closedForm: { 3 * $0 * $0 }),
    Derivative(
      testDescription: "the power 0", points: [-2, 0, 3], dual: { .power($0, 0) },
      plain: { _ in 1 }, closedForm: { _ in 0 }),
    Derivative(
      testDescription: "the power -1.5", points: [0.5, 1, 4], dual: { .power($0, -1.5) },
      plain: { Double.pow($0, -1.5) }, closedForm: { -1.5 * Double.pow($0, -2.5) }),
    Derivative(
      testDescription: "x + x·x", points: [-2, 0, 3], dual: { $0 + $0 * $0 },
      plain: { $0 + $0 * $0 }, closedForm: { 1 + 2 * $0 }),
    Derivative(
      testDescription: "(x - 2) / (x + 5)", points: [-2, 0, 3],
      dual: { ($0 - Dual(2)) / ($0 + Dual(5)) }, plain: { ($0 - 2) / ($0 + 5) },
      closedForm: { 7 / (($0 + 5) * ($0 + 5)) }),
    Derivative(
      testDescription: "-x, added to itself", points: [-2, 0, 3],
      dual: { x in
        var sum = -x
        sum += -x
        return sum
      }, plain: { -2 * $0 }, closedForm: { _ in -2 }),
    Derivative(
      testDescription: "a chain: tanh(exp(x)·x)", points: [-1, 0.2, 0.6],
      dual: { .tanh(.exp($0) * $0) }, plain: { .tanh(.exp($0) * $0) },
      closedForm: { x in
        let cosh = Double.cosh(Double.exp(x) * x)
        return Double.exp(x) * (1 + x) / (cosh * cosh)
      }),
  ]
}

@Test(arguments: Derivative.all)
func `a dual number carries value and derivative`(_ function: Derivative) {
  for x in function.points {
    // A direction of 3: everything is linear in the direction.
    let found = function.dual(Dual(x, derivative: 3))
    let value = function.plain(x)
    let slope = 3 * function.closedForm(x)
    #expect((found.value - value).magnitude <= 4e-16 * max(1, value.magnitude))
    #expect((found.derivative - slope).magnitude <= 4e-15 * max(1, slope.magnitude))
    // Nothing moves: no derivative.
    #expect(function.dual(Dual(x)).derivative == 0)
  }
}

@Test(arguments: Derivative.all)
func `the derivative is what a central difference approaches`(_ function: Derivative) {
  for x in function.points {
    let h = 0x1p-18 * max(x.magnitude, 0x1p-6)
    let difference = (function.plain(x + h) - function.plain(x - h)) / (2 * h)
    let found = function.dual(Dual(x, derivative: 1)).derivative
    #expect((found - difference).magnitude <= 1e-7 * max(1, difference.magnitude))
  }
}

@Test func `a direction of zero stays zero where the slope is infinite`() {
  #expect(Dual.squareRoot(Dual(0)) == Dual(0))
  #expect(Dual.squareRoot(Dual(0, derivative: 1)).derivative == .infinity)
  #expect(Dual.log(Dual(0)).derivative == 0)
}

@Test func `comparisons look at values alone`() {
  let (a, b) = (Dual(1, derivative: 5), Dual(2, derivative: -5))
  #expect(a < b && b > a && !(b < a) && !(a > b))
  #expect(!(Dual(.nan) < a) && !(Dual(.nan) > a))
  #expect(a != Dual(1))
}
