public import RealModule

extension Double: FloatingScalar {
  @inlinable public var value: Double { self }
  @inlinable public static var format: NumberFormat { .float64 }

  @inlinable
  public static func squareRoot(_ x: Double) -> Double { x.squareRoot() }

  @inlinable
  public static func power(_ x: Double, _ exponent: Double) -> Double {
    // `Real.pow` is undefined for negative bases; a whole exponent has its own definition.
    guard let whole = Int(exactly: exponent) else { return Double.pow(x, exponent) }
    return Double.pow(x, whole)
  }
}

extension Float: FloatingScalar {
  @inlinable public var value: Double { Double(self) }
  @inlinable public static var format: NumberFormat { .float32 }

  @inlinable
  public static func squareRoot(_ x: Float) -> Float { x.squareRoot() }

  @inlinable
  public static func power(_ x: Float, _ exponent: Double) -> Float {
    guard let whole = Int(exactly: exponent) else { return Float.pow(x, Float(exponent)) }
    return Float.pow(x, whole)
  }
}
