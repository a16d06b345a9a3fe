// Dual numbers a + b·ε with ε² = 0 (W. K. Clifford, 1873). A function computed with them carries
// its exact directional derivative along: f(a + b·ε) = f(a) + f′(a)·b·ε. There is no step size
// and no truncation error; what remains is rounding.

public import RealModule

/// A number together with its derivative in one chosen direction.
@frozen
public struct Dual: Scalar, Equatable {
  /// The value.
  public var value: Double
  /// The derivative of the value in the chosen direction.
  public var derivative: Double

  /// Makes a dual number.
  @inlinable
  public init(_ value: Double, derivative: Double) {
    self.value = value
    self.derivative = derivative
  }

  @inlinable public init(_ constant: Double) { self.init(constant, derivative: 0) }

  @inlinable public static var carriesDerivative: Bool { true }

  @inlinable
  public static func + (_ a: Dual, _ b: Dual) -> Dual {
    Dual(a.value + b.value, derivative: a.derivative + b.derivative)
  }

  @inlinable
  public static func - (_ a: Dual, _ b: Dual) -> Dual {
    Dual(a.value - b.value, derivative: a.derivative - b.derivative)
  }

  /// (ab)′ = a′b + ab′.
  @inlinable
  public static func * (_ a: Dual, _ b: Dual) -> Dual {
    Dual(a.value * b.value, derivative: a.derivative * b.value + a.value * b.derivative)
  }

  /// (a/b)′ = (a′ − (a/b)·b′) / b.
  @inlinable
  public static func / (_ a: Dual, _ b: Dual) -> Dual {
    let quotient = a.value / b.value
    return Dual(quotient, derivative: (a.derivative - quotient * b.derivative) / b.value)
  }

  @inlinable
  public prefix static func - (_ a: Dual) -> Dual { Dual(-a.value, derivative: -a.derivative) }

  @inlinable public static func += (_ a: inout Dual, _ b: Dual) { a = a + b }

  @inlinable public static func < (_ a: Dual, _ b: Dual) -> Bool { a.value < b.value }
  @inlinable public static func > (_ a: Dual, _ b: Dual) -> Bool { a.value > b.value }
}

extension Dual {
  /// f(a + b·ε) = f(a) + f′(a)·b·ε; a zero direction stays zero where the slope is infinite.
  @inlinable
  func chain(_ value: Double, slope: Double) -> Dual {
    Dual(value, derivative: derivative == 0 ? 0 : slope * derivative)
  }

  @inlinable
  public static func exp(_ x: Dual) -> Dual {
    let y = Double.exp(x.value)
    return x.chain(y, slope: y)
  }

  @inlinable
  public static func expMinusOne(_ x: Dual) -> Dual {
    x.chain(Double.expMinusOne(x.value), slope: Double.exp(x.value))
  }

  @inlinable
  public static func log(_ x: Dual) -> Dual { x.chain(Double.log(x.value), slope: 1 / x.value) }

  @inlinable
  public static func log(onePlus x: Dual) -> Dual {
    x.chain(Double.log(onePlus: x.value), slope: 1 / (1 + x.value))
  }

  /// tanh′ = 1 − tanh².
  @inlinable
  public static func tanh(_ x: Dual) -> Dual {
    let y = Double.tanh(x.value)
    return x.chain(y, slope: (1 - y) * (1 + y))
  }

  /// erf′(x) = 2/√π · e^(−x²).
  @inlinable
  public static func erf(_ x: Dual) -> Dual {
    let slope = 2 / Double.pi.squareRoot() * Double.exp(-x.value * x.value)
    return x.chain(Double.erf(x.value), slope: slope)
  }

  /// √′ = 1 / (2√x).
  @inlinable
  public static func squareRoot(_ x: Dual) -> Dual {
    let y = x.value.squareRoot()
    return x.chain(y, slope: 0.5 / y)
  }

  /// (xᵖ)′ = p·xᵖ⁻¹.
  @inlinable
  public static func power(_ x: Dual, _ exponent: Double) -> Dual {
    guard exponent != 0 else { return Dual(1) }
    return x.chain(
      Double.power(x.value, exponent), slope: exponent * Double.power(x.value, exponent - 1))
  }
}
