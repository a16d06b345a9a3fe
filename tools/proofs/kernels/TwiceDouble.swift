import Kernels

/// A number as the unevaluated sum of two doubles, about 106 bits.
///
/// Source: T. J. Dekker, *A floating-point technique for extending the available precision*, 1971.
struct TwiceDouble {
  var high: Double
  var low: Double

  init(_ high: Double, _ low: Double = 0) {
    // TwoSum: nothing is lost.
    self.high = high + low
    let part = self.high - high
    self.low = (high - (self.high - part)) + (low - part)
  }

  static func + (a: Self, b: Self) -> Self {
    let sum = TwiceDouble(a.high, b.high)
    return TwiceDouble(sum.high, sum.low + (a.low + b.low))
  }

  static func * (a: Self, b: Self) -> Self {
    let product = a.high * b.high
    let rest = (-product).addingProduct(a.high, b.high)
    return TwiceDouble(product, rest + (a.high * b.low + a.low * b.high))
  }

  /// One step of long division after the first.
  static func / (a: Self, b: Self) -> Self {
    let first = a.high / b.high
    let rest = a + b * TwiceDouble(-first)
    return TwiceDouble(first, rest.high / b.high)
  }

  /// eʸ − 1 of y = x/2¹² by its series.
  private static func series(_ x: Double) -> TwiceDouble {
    let y = TwiceDouble(x * 0x1p-12)
    var sum = TwiceDouble(0)
    for n in stride(from: 20.0, through: 1, by: -1) {
      sum = (sum + TwiceDouble(1)) * y / TwiceDouble(n)
    }
    return sum
  }

  /// eˣ: the square of the square … of eʸ.
  private static func exponential(_ x: Double) -> TwiceDouble {
    var power = series(x) + TwiceDouble(1)
    for _ in 0..<12 { power = power * power }
    return power
  }

  /// eˣ − 1, by e²ʸ − 1 = e·(e + 2) with e = eʸ − 1.
  private static func exponentialMinusOne(_ x: Double) -> TwiceDouble {
    var sum = series(x)
    for _ in 0..<12 { sum = sum * (sum + TwiceDouble(2)) }
    return sum
  }

  /// The function of x, to about 100 bits; beyond the range of the exponents its limit.
  static func value(_ function: ElementaryFunction, _ x: Double) -> TwiceDouble {
    let one = TwiceDouble(1)
    switch function {
    case .exp:
      guard x < 709.782712893384 else { return TwiceDouble(x < 0 ? 0 : .infinity) }
      guard x > -745.2 else { return TwiceDouble(0) }
      // e^x as a product, so that nothing on the way is subnormal.
      return x < -600 ? exponential(x + 512) * exponential(-512) : exponential(x)
    case .tanh:
      guard x.magnitude < 25 else { return TwiceDouble(x < 0 ? -1 : 1) }
      let t = exponentialMinusOne(2 * x)
      return t / (t + TwiceDouble(2))
    case .logistic:
      guard x > -709 else { return value(.exp, x) }
      return one / (value(.exp, -x) + one)
    }
  }
}
