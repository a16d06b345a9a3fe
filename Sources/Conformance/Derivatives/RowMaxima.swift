/// Where two rows of numbers differ most, and the largest magnitude of the second one.
package struct RowMaxima {
  /// The place of the largest difference, the first of equal ones; that of the first NaN, if any.
  package private(set) var place = 0
  /// The largest magnitude of a number that is not NaN.
  package private(set) var largest = 0.0
  /// The difference there.
  private var most = -1.0

  private typealias Lanes = SIMD8<Double>

  package init(_ first: UnsafeBufferPointer<Double>, _ second: UnsafeBufferPointer<Double>) {
    precondition(first.count == second.count, "rows of \(first.count) and \(second.count)")
    guard let a = first.baseAddress, let b = second.baseAddress else { return }
    let whole = first.count / Lanes.scalarCount * Lanes.scalarCount
    var sizes = Lanes.zero
    for start in stride(from: 0, to: whole, by: Lanes.scalarCount) {
      let (x, y) = (Self.lanes(a + start), Self.lanes(b + start))
      let size = Self.magnitude(y)
      sizes.replace(with: size, where: size .> sizes)
      // Written so that a NaN is looked at one by one.
      guard all(Self.magnitude(x - y) .<= most) else {
        for index in start..<start + Lanes.scalarCount { look(first, second, index) }
        continue
      }
    }
    largest = sizes.max()
    for index in whole..<first.count {
      largest = max(largest, second[index].magnitude)
      look(first, second, index)
    }
  }

  /// Written so that a NaN becomes the worst and stays it.
  private mutating func look(
    _ first: UnsafeBufferPointer<Double>, _ second: UnsafeBufferPointer<Double>, _ index: Int
  ) {
    let difference = (first[index] - second[index]).magnitude
    if !(difference <= most) && !most.isNaN { (place, most) = (index, difference) }
  }

  private static func lanes(_ place: UnsafePointer<Double>) -> Lanes {
    UnsafeRawPointer(place).loadUnaligned(as: Lanes.self)
  }

  /// The numbers without their signs.
  private static func magnitude(_ x: Lanes) -> Lanes {
    let bits = unsafeBitCast(x, to: SIMD8<UInt64>.self)
    return unsafeBitCast(bits & SIMD8(repeating: ~(1 << 63)), to: Lanes.self)
  }
}
