import Discrepancy
import Glibc
import HDF5File

/// Judges whole numbers and truth values of any width, sign and byte order: they must be equal.
struct IntegerPieces: PieceJudge {
  private(set) var found = Comparison()
  private let a: StoredElements
  private let b: StoredElements
  private let haveSameForm: Bool

  /// Elements whose bytes are compared at a time.
  private static var slice: Int { 1 << 12 }

  init(_ a: StoredElements, _ b: StoredElements) {
    self.a = a
    self.b = b
    haveSameForm =
      a.dataset.elementType == b.dataset.elementType
      && a.dataset.byteOrder == b.dataset.byteOrder
  }

  mutating func take(
    _ first: UnsafeRawPointer, _ second: UnsafeRawPointer, count: Int, at offset: Int
  ) {
    for start in stride(from: 0, to: count, by: Self.slice) {
      let length = min(Self.slice, count - start)
      let (p, q) = (first + start * a.width, second + start * b.width)
      if haveSameForm, found.count > 0, memcmp(p, q, length * a.width) == 0 {
        found.count += length
        found.informative += informative(p, length)
      } else {
        for i in 0..<length {
          look(at: a.wholeNumber(p, at: i), b.wholeNumber(q, at: i), offset + start + i)
        }
      }
    }
  }

  private mutating func look(at x: Int128, _ y: Int128, _ offset: Int) {
    found.count += 1
    if x != 0 || y != 0 { found.informative += 1 }
    let error = Double((x - y).magnitude)
    guard error > 0 || found.worst == nil else { return }
    found.takeExact(offset, Double(x), Double(y), error)
  }

  /// How many elements are not zero.
  private func informative(_ base: UnsafeRawPointer, _ count: Int) -> Int {
    switch a.width {
    case 1: Self.nonzero(base, count, UInt8.self)
    case 2: Self.nonzero(base, count, UInt16.self)
    case 4: Self.nonzero(base, count, UInt32.self)
    default: Self.nonzero(base, count, UInt64.self)
    }
  }

  @inline(__always)
  private static func nonzero<Word: FixedWidthInteger & BitwiseCopyable>(
    _ base: UnsafeRawPointer, _ count: Int, _ type: Word.Type
  ) -> Int {
    var result = 0
    for i in 0..<count {
      let word = base.loadUnaligned(fromByteOffset: i * MemoryLayout<Word>.size, as: Word.self)
      result += word == 0 ? 0 : 1
    }
    return result
  }
}
