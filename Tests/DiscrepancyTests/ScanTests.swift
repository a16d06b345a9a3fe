import Discrepancy
import Tensors
import Testing

/// The scan in vectors against the judge of single elements.
///
/// The scan takes whole groups of 64, so that pieces of fewer elements are looked at one by one.
@Suite struct ScanTests {
  /// Numbers as files have them and as they should not.
  private enum Kind: CaseIterable {
    case ordinary, anyBits, subnormal, quantised, sparse
  }

  private func number(_ kind: Kind, _ random: inout SplitMix) -> Float {
    let bits = UInt32(truncatingIfNeeded: random.next())
    switch kind {
    case .ordinary: return Float(Int32(bitPattern: bits)) * 0x1p-31
    case .anyBits: return Float(bitPattern: bits)
    case .subnormal: return Float(bitPattern: bits % 5000 | bits & 0x8000_0000)
    case .quantised: return Float(Int(bits % 17) - 8) / 8
    case .sparse: return bits % 3 == 0 ? Float(bits >> 8) * 0x1p-20 : 0
    }
  }

  /// A number near another, or one that has nothing to do with it.
  private func neighbour(_ value: Float, _ random: inout SplitMix) -> Float {
    let bits = UInt32(truncatingIfNeeded: random.next() >> 8)
    switch random.next() % 8 {
    case 0: return value * (1 + Float(Int32(bitPattern: bits)) * 0x1p-50)
    case 1: return Float(bitPattern: value.bitPattern &+ bits % 3 &- 1)
    case 2: return value + Float(bits % 3) * 0x1p-20
    case 3: return -value
    case 4: return value * 2
    case 5: return value + Float(bits % 4) * .leastNonzeroMagnitude
    case 6: return Float(bitPattern: bits & 0x7EFF_FFFF)
    default: return [.nan, .infinity, -.infinity, 0, -0.0, 1][Int(bits % 6)]
    }
  }

  private func rounded(_ value: Float, to format: NumberFormat) -> Float {
    switch format {
    case .float16: Float(Float16(value))
    case .bfloat16: Float(bitPattern: value.bitPattern & 0xFFFF_0000)
    default: value
    }
  }

  /// What is found in pieces of so many elements, as text: NaN does not equal itself.
  private func found<T>(
    _ a: [T], _ b: [T], step: Int, _ comparator: PairComparator,
    _ compare: (inout PairComparator, UnsafeBufferPointer<T>, UnsafeBufferPointer<T>, Int) -> Void
  ) -> String {
    var comparator = comparator
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for start in stride(from: 0, to: a.count, by: step) {
          let range = start..<min(start + step, a.count)
          compare(
            &comparator, UnsafeBufferPointer(rebasing: a[range]),
            UnsafeBufferPointer(rebasing: b[range]), start)
        }
      }
    }
    return String(describing: comparator.found)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func wholeGroupsAreFoundWhatSingleElementsAre(seed: UInt64) {
    var random = SplitMix(state: seed)
    let formats: [(NumberFormat, NumberFormat)] = [
      (.float32, .float32), (.bfloat16, .bfloat16), (.float16, .float16), (.float32, .bfloat16),
      (.float16, .float32),
    ]
    let limits: [StatedLimit] = [
      .storage, .ulps(1), .ulps(3), .ulps(1e7), .tolerance(relative: 1e-3, absolute: 1e-5),
      .tolerance(relative: 0, absolute: 0x1p-20), .tolerance(relative: 0x1p-23, absolute: 0),
    ]
    for kind in Kind.allCases {
      for (formatA, formatB) in formats {
        let count = 1000 + Int(random.next() % 1000)
        let period = [1, 2, 50, 700][Int(random.next() % 4)]
        var (a, b) = ([Float](), [Float]())
        for _ in 0..<count {
          let x = number(kind, &random)
          let y = random.next() % UInt64(period) == 0 ? neighbour(x, &random) : x
          a.append(rounded(x, to: formatA))
          b.append(rounded(y, to: formatB))
        }
        for limit in limits {
          let comparator = PairComparator(limit, formatA, formatB, nanIsEqual: false)
          let narrow = [63, count].map { step in
            found(a, b, step: step, comparator) { $0.compare($1, $2, at: $3) }
          }
          #expect(narrow[0] == narrow[1], "\(kind) \(formatA) \(formatB) \(limit) seed \(seed)")
          let wide = [63, count].map { step in
            found(a.map(Double.init), b.map(Double.init), step: step, comparator) {
              $0.compare($1, $2, at: $3)
            }
          }
          #expect(wide[0] == wide[1], "\(kind) \(formatA) \(formatB) \(limit) seed \(seed)")
        }
      }
    }
  }
}
