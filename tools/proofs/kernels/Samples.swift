import Kernels

/// What the numbers of a tensor are like.
enum Style: CaseIterable, Sendable {
  /// Whole numbers, zeros of both signs among them: every sum is exact.
  case whole
  /// Between −1 and 1.
  case fractions
  /// Between 0 and 1: no cancellation.
  case positive
  /// Spread over six orders of magnitude.
  case spread
  /// So small that products of two are below the smallest number, zeros of both signs among them.
  case tiny
}

/// A small generator with a seed, so that a failure can be repeated.
struct Samples: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64 (Steele, Lea, Flood, 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// One of some values.
  mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: values.indices, using: &self)] }

  /// A whole number whose logarithm is uniform.
  mutating func logarithmic(upTo most: Int) -> Int {
    var (low, high) = (1, 2)
    while high <= most, Int.random(in: 0...2, using: &self) != 0 { (low, high) = (high, 2 * high) }
    return Int.random(in: low...min(most, high), using: &self)
  }

  /// Numbers in an array whose unused capacity is filled with the guard pattern.
  mutating func numbers<S: ProofScalar>(_ count: Int, _ style: Style, of _: S.Type = S.self)
    -> GuardedArray<S>
  {
    GuardedArray(count: count) { _ in number(style) }
  }

  private mutating func number<S: ProofScalar>(_ style: Style) -> S {
    let random = next()
    // 53 bits between 0 and 1.
    let unit = Double(random >> 11) * 0x1p-53
    switch style {
    case .whole:
      let span = UInt64(2 * S.largestWhole + 1)
      let whole = S(Int((random >> 20) % span) - S.largestWhole)
      return whole == 0 && random & 1 == 0 ? -0.0 : whole
    case .fractions: return S(2 * unit - 1)
    case .positive: return S(unit)
    case .spread:
      let scale = Double(1 << (random % 21)) * 0x1p-10
      return S((2 * unit - 1) * scale)
    case .tiny:
      let root = S.leastNonzeroMagnitude.squareRoot() / 4
      return random % 3 == 0 ? (random & 8 == 0 ? 0 : -0.0) : random & 16 == 0 ? root : -root
    }
  }
}

/// An array between guards: behind its elements lies the guard pattern, and a copy tells whether
/// the elements are what they were.
struct GuardedArray<S: ProofScalar> {
  let elements: [S]
  private let copy: [S]
  /// Elements of the guard: 128 bytes, or none under the sanitizer, which guards by itself.
  private static var guards: Int { Memory.isSanitized ? 0 : 128 / MemoryLayout<S>.size }

  init(count: Int, _ element: (Int) -> S) {
    elements = [S](unsafeUninitializedCapacity: count + Self.guards) { buffer, initialized in
      for index in 0..<count { buffer.initializeElement(at: index, to: element(index)) }
      for index in count..<count + Self.guards {
        buffer.initializeElement(at: index, to: S.guardPattern)
      }
      initialized = count
    }
    copy = elements.map { $0 }
  }

  /// What was written to the elements or behind them.
  var problem: Problem? {
    if let problem = firstDifferentBits(elements, copy) {
      return problem.at("the operand was written")
    }
    return elements.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return nil }
      let guards = UnsafeRawPointer(base + buffer.count)
      for index in 0..<Self.guards {
        let value = guards.load(fromByteOffset: index * MemoryLayout<S>.size, as: S.self)
        if value.bits != S.guardPattern.bits {
          return Problem("the guard behind the operand was written at \(index)")
        }
      }
      return nil
    }
  }
}
