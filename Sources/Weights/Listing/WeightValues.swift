import Glibc

/// Elements in the precision in which they are stored.
///
/// 16-bit floats are widened to 32 bits, integers and truth values to 64 bits: all exactly.
public enum WeightValues: Hashable, Sendable {
  /// float32, and float16 and bfloat16 widened.
  case float32([Float])
  /// float64.
  case float64([Double])
  /// Whole numbers of any width, and truth values.
  case integers([Int64])

  /// The number of elements.
  public var count: Int {
    switch self {
    case .float32(let elements): elements.count
    case .float64(let elements): elements.count
    case .integers(let elements): elements.count
    }
  }

  /// The elements as doubles; whole numbers beyond 2⁵³ are rounded.
  public var doubles: [Double] {
    switch self {
    case .float32(let elements): elements.map { Double($0) }
    case .float64(let elements): elements
    case .integers(let elements): elements.map { Double($0) }
    }
  }

  /// The bytes of the elements, little-endian.
  public var littleEndianBytes: [UInt8] {
    switch self {
    case .float32(let elements): Self.bytes(elements.map(\.bitPattern.littleEndian))
    case .float64(let elements): Self.bytes(elements.map(\.bitPattern.littleEndian))
    case .integers(let elements): Self.bytes(elements.map(\.littleEndian))
    }
  }

  private static func bytes<Word: FixedWidthInteger & BitwiseCopyable>(_ words: [Word]) -> [UInt8] {
    words.withUnsafeBytes { Array($0) }
  }

  /// The elements after a conversion's steps.
  func converted(_ conversion: Conversion, shape: [Int]) throws(ConversionFault) -> WeightValues {
    switch self {
    case .float32(let elements):
      let ordered = try conversion.apply(elements, shape: shape)
      guard let scale = conversion.scale else { return .float32(ordered) }
      return .float32(ordered.map { Float(Double($0) * scale) })
    case .float64(let elements):
      let ordered = try conversion.apply(elements, shape: shape)
      guard let scale = conversion.scale else { return .float64(ordered) }
      return .float64(ordered.map { $0 * scale })
    case .integers(let elements):
      guard conversion.scale == nil else { throw .scale }
      return .integers(try conversion.apply(elements, shape: shape))
    }
  }
}
