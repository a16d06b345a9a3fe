import Glibc
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

  /// ln(1 + z) of 0 ≤ z ≤ 1: a step of Newton's method from the double that is closest,
  /// ln(1 + z) = y + ln(1 + d) with 1 + d = (1 + z)·e^(−y).
  private static func logarithm(onePlus z: TwiceDouble) -> TwiceDouble {
    let y = log1p(z.high)
    guard y > 1e-300 else { return z }
    let m = exponentialMinusOne(-y)
    let d = z + m + z * m
    return TwiceDouble(y) + d + d * d * TwiceDouble(-0.5)
  }

  /// erf x = 2/√π · e^(−x²) · Σ 2ⁿ·x²ⁿ⁺¹ / (1·3·5···(2n + 1)), all terms of one sign.
  private static func errorFunction(_ x: Double) -> TwiceDouble {
    guard x.magnitude < 7 else { return TwiceDouble(x < 0 ? -1 : 1) }
    let square = TwiceDouble(x) * TwiceDouble(x)
    var (term, sum) = (TwiceDouble(x), TwiceDouble(x))
    for n in 1...300 {
      term = term * square * TwiceDouble(2) / TwiceDouble(Double(2 * n + 1))
      sum = sum + term
    }
    let l = TwiceDouble(-square.low)
    let power = exponential(-square.high) * (TwiceDouble(1) + l + l * l * TwiceDouble(0.5))
    return TwiceDouble(0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56) * power * sum
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
    case .expMinusOne:
      guard x < 709.782712893384 else { return TwiceDouble(.infinity) }
      return x > -80 ? exponentialMinusOne(x) : TwiceDouble(-1)
    case .erf: return errorFunction(x)
    case .softplus:
      guard x < 800 else { return TwiceDouble(x) }
      let logarithm = logarithm(onePlus: value(.exp, -x.magnitude))
      return x > 0 ? TwiceDouble(x) + logarithm : logarithm
    }
  }
}
