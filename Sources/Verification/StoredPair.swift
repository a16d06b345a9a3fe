import Discrepancy
import Interchange
import Tensors

/// One tensor as two fixtures hold it, both in canonical order.
struct StoredPair {
  let a: StoredTensor
  let b: StoredTensor

  /// The number of elements read at a time.
  private static var window: Int { 1 << 20 }

  /// The formats of both sides, that of integers taken for float64, which holds those that count.
  private var formats: (a: NumberFormat, b: NumberFormat) {
    (a.format ?? .float64, b.format ?? .float64)
  }

  /// The formats as a bound needs them: the coarser one in the place of the reference.
  var comparisonFormats: ComparisonFormats {
    let (first, second) = formats
    let coarser = NumberFormat.coarser(first, second)
    return ComparisonFormats(ours: coarser == first ? second : first, reference: coarser)
  }

  /// The rule in words that `compare` judges by.
  func description(of limit: StatedLimit) -> String {
    a.format == nil && b.format == nil
      ? "equal values" : limit.description(formats.a, formats.b)
  }

  /// Compares by a limit that does not know the layer.
  func compare(_ limit: StatedLimit, nanIsEqual: Bool) throws -> Comparison {
    var comparator = PairComparator(limit, formats.a, formats.b, nanIsEqual: nanIsEqual)
    try forEachWindow { offset, first, second in
      first.withUnsafeBufferPointer { first in
        second.withUnsafeBufferPointer { comparator.compare(first, $0, at: offset) }
      }
    }
    return comparator.found
  }

  /// max |A − B| and max(|A|, |B|); NaN where one of them is.
  func distance() throws -> (largest: Double, scale: Double) {
    var (largest, scale) = (0.0, 0.0)
    try forEachWindow { _, first, second in
      for (x, y) in zip(first, second) {
        let error = x == y ? 0 : (x - y).magnitude
        if !(error <= largest) { largest = largest.isNaN ? largest : error }
        scale = max(scale, x.magnitude, y.magnitude)
      }
    }
    return (largest, scale)
  }

  private func forEachWindow(_ body: (Int, [Double], [Double]) -> Void) throws {
    precondition(a.shape == b.shape, "one shape")
    if a.isCanonical, b.isCanonical {
      for start in stride(from: 0, to: a.count, by: Self.window) {
        let range = start..<min(start + Self.window, a.count)
        body(
          start, try a.read(elements: range, as: Double.self),
          try b.read(elements: range, as: Double.self))
      }
    } else {
      body(0, try a.read(as: Double.self).elements, try b.read(as: Double.self).elements)
    }
  }
}
