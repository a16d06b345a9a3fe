import Discrepancy
import HDF5File
import Tensors

/// Judges floating-point numbers of any two formats and byte orders.
///
/// Numbers that are stored as this machine holds them are judged where they are; others are
/// converted first, which loses nothing: to float32, or to float64 where one side is.
struct RealPieces: PieceJudge {
  private var comparator: PairComparator
  private let a: StoredElements
  private let b: StoredElements
  private let isDouble: Bool

  /// Elements that are converted at a time.
  private static var slice: Int { 1 << 13 }

  init(
    _ a: StoredElements, _ b: StoredElements, _ comparator: PairComparator,
    _ formatA: NumberFormat, _ formatB: NumberFormat
  ) {
    self.a = a
    self.b = b
    self.comparator = comparator
    isDouble = formatA == .float64 || formatB == .float64
  }

  var found: Comparison { comparator.found }

  mutating func take(
    _ first: UnsafeRawPointer, _ second: UnsafeRawPointer, count: Int, at offset: Int
  ) {
    let kind: ReadableKind = isDouble ? .double : .float
    guard !(a.isNative(kind) && b.isNative(kind)) else {
      judge(first, second, count, at: offset)
      return
    }
    let slice = min(Self.slice, count)
    let bytes = slice * (isDouble ? 8 : 4)
    withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { left in
      withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { right in
        guard let x = left.baseAddress, let y = right.baseAddress else { return }
        for start in stride(from: 0, to: count, by: slice) {
          let length = min(slice, count - start)
          // Floating-point numbers only widen here: none is refused.
          _ = a.convert(first + start * a.width, count: length, to: kind, x)
          _ = b.convert(second + start * b.width, count: length, to: kind, y)
          judge(x, y, length, at: offset + start)
        }
      }
    }
  }

  private mutating func judge(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int, at offset: Int
  ) {
    if isDouble {
      comparator.compare(Self.numbers(a, count, Double.self), Self.numbers(b, count), at: offset)
    } else {
      comparator.compare(Self.numbers(a, count, Float.self), Self.numbers(b, count), at: offset)
    }
  }

  private static func numbers<T>(
    _ base: UnsafeRawPointer, _ count: Int, _ type: T.Type = T.self
  ) -> UnsafeBufferPointer<T> {
    UnsafeBufferPointer(start: base.assumingMemoryBound(to: T.self), count: count)
  }
}
