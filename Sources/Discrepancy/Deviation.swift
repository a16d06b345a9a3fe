public import Tensors

/// The distance of two whole tensors in the maximum norm: for runs whose inputs differ already,
/// where no bound of a single element holds.
public struct Deviation: Hashable, Sendable {
  /// max |ours − reference|; NaN if any difference is.
  public private(set) var maxAbsolute = 0.0
  /// max |reference|.
  public private(set) var scale = 0.0
  /// The row-major offset of the largest difference.
  public private(set) var offset = 0

  /// A deviation of nothing yet.
  public init() {}

  /// The largest difference relative to the largest element; 0 where both are 0.
  public var relative: Double { maxAbsolute == 0 ? 0 : maxAbsolute / scale }

  /// The number of elements of a block, which is in cache while it is looked at.
  private static var block: Int { 1 << 15 }

  /// Takes in the elements from `start` on.
  public mutating func compare<S: FloatingScalar>(
    _ ours: Tensor<S>, from start: Int, _ reference: [Double]
  ) {
    // What is at hand cannot fail to be read.
    try? compare(ours, from: start, count: reference.count) { range in
      Array(reference[range.lowerBound - start..<range.upperBound - start])
    }
  }

  /// Takes in `count` elements from `start` on, which `read` gives a block at a time.
  ///
  /// Several threads read and compare, each its own blocks. `read` gets a range of row-major indices
  /// in the whole tensor. Throws what the first block that could not be read has thrown.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  public mutating func compare<S: FloatingScalar>(
    _ ours: Tensor<S>, from start: Int, count: Int,
    _ read: @Sendable (Range<Int>) throws -> [Double]
  ) throws {
    let ours = ours.elements
    @Sendable func range(of block: Int) -> Range<Int> {
      let first = start + block * Self.block
      return first..<min(first + Self.block, start + count)
    }
    let parts = Parallel.map((count + Self.block - 1) / Self.block) { block in
      Result { Deviation(maximaOf: ours, try read(range(of: block)), range(of: block)) }
    }
    var largest: Int?
    for (block, part) in parts.enumerated() {
      let part = try part.get()
      let before = maxAbsolute
      take(part.maxAbsolute, part.offset)
      if maxAbsolute != before { largest = block }
      scale = max(scale, part.scale)
    }
    // The place is looked for in one block only.
    guard let largest, !maxAbsolute.isNaN else { return }
    let reference = try read(range(of: largest))
    offset =
      range(of: largest).first { place in
        (ours[place].value - reference[place - range(of: largest).lowerBound]).magnitude
          == maxAbsolute
      } ?? offset
  }

  /// The deviation of one block, whose offset is its first place, unless an error is NaN.
  @inline(__always)
  private init<S: FloatingScalar>(
    maximaOf ours: [S], _ reference: [Double], _ range: Range<Int>
  ) {
    precondition(reference.count == range.count, "a block has the elements asked for")
    if S.format == .float64 {
      let maxima = ours.withUnsafeBytes { ours in
        reference.withUnsafeBytes { reference in
          Maxima(ours, from: range.lowerBound, reference, count: range.count)
        }
      }
      if !maxima.hasNaN {
        (maxAbsolute, scale, offset) = (maxima.error, maxima.scale, range.lowerBound)
        return
      }
    }
    for place in range {
      let other = reference[place - range.lowerBound]
      take((ours[place].value - other).magnitude, place)
      scale = max(scale, other.magnitude)
    }
  }

  /// The first of the largest differences; once a difference is NaN, it stays.
  @inline(__always)
  private mutating func take(_ error: Double, _ place: Int) {
    guard !(error <= maxAbsolute), !maxAbsolute.isNaN else { return }
    maxAbsolute = error
    offset = place
  }
}

/// The largest error of a run of elements, and the largest element of the reference.
///
/// Eight are looked at side by side: the largest of some numbers does not depend on their order.
private struct Maxima {
  private typealias Lanes = SIMD8<Double>

  private(set) var error = 0.0
  private(set) var scale = 0.0
  /// Whether an error is NaN, which is larger than nothing; the maxima then mean nothing.
  private(set) var hasNaN = false

  /// The maxima of `count` doubles of each side, ours from the element `start` on.
  init(
    _ ours: UnsafeRawBufferPointer, from start: Int, _ reference: UnsafeRawBufferPointer,
    count: Int
  ) {
    let stride = MemoryLayout<Double>.stride
    let ours = UnsafeRawBufferPointer(rebasing: ours[(start * stride)...])
    var (errors, scales) = (Lanes.zero, Lanes.zero)
    var unordered = SIMDMask<SIMD8<Int64>>(repeating: false)
    let whole = count & ~(Lanes.scalarCount - 1)
    for i in Swift.stride(from: 0, to: whole * stride, by: Lanes.scalarCount * stride) {
      let x = ours.loadUnaligned(fromByteOffset: i, as: Lanes.self)
      let y = reference.loadUnaligned(fromByteOffset: i, as: Lanes.self)
      let error = Self.magnitudes(x - y)
      let size = Self.magnitudes(y)
      unordered .|= error .!= error
      errors.replace(with: error, where: error .> errors)
      scales.replace(with: size, where: size .> scales)
    }
    hasNaN = any(unordered)
    error = errors.max()
    scale = scales.max()
    for i in whole..<count {
      let y = reference.load(fromByteOffset: i * stride, as: Double.self)
      let own = (ours.load(fromByteOffset: i * stride, as: Double.self) - y).magnitude
      hasNaN = hasNaN || own.isNaN
      error = Swift.max(error, own)
      scale = Swift.max(scale, y.magnitude)
    }
  }

  /// The absolute value of each lane: all bits but the sign.
  @inline(__always)
  private static func magnitudes(_ lanes: Lanes) -> Lanes {
    let bits = unsafeBitCast(lanes, to: SIMD8<UInt64>.self) & 0x7FFF_FFFF_FFFF_FFFF
    return unsafeBitCast(bits, to: Lanes.self)
  }
}
