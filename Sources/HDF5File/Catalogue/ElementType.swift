// ElementType.swift

/// What one element of a dataset is.
public enum ElementType: Hashable, Sendable {
  /// IEEE 754 binary16.
  case float16
  /// IEEE 754 binary32.
  case float32
  /// IEEE 754 binary64.
  case float64
  /// The upper half of a binary32: a float of 16 bits with 8 exponent bits, or `uint16` with the
  /// attribute `logical_dtype`, or `uint16` or two opaque bytes with the attribute `dtype`.
  case bfloat16
  /// Two's complement, 8 bits.
  case int8
  /// Two's complement, 16 bits.
  case int16
  /// Two's complement, 32 bits.
  case int32
  /// Two's complement, 64 bits.
  case int64
  /// Unsigned, 8 bits.
  case uint8
  /// Unsigned, 16 bits.
  case uint16
  /// Unsigned, 32 bits.
  case uint32
  /// Unsigned, 64 bits.
  case uint64
  /// An enumeration FALSE = 0, TRUE = 1 over one byte, as h5py writes truth values.
  case boolean
  /// A type that cannot be read as numbers, in words.
  case other(String)

  /// Bytes of one element; nil for a type that cannot be read.
  public var byteCount: Int? {
    switch self {
    case .int8, .uint8, .boolean: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    case .other: nil
    }
  }

  /// Whether elements are floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .float32, .float64, .bfloat16: true
    default: false
    }
  }

  /// The name that messages use: `float32`.
  public var name: String {
    switch self {
    case .float16: "float16"
    case .float32: "float32"
    case .float64: "float64"
    case .bfloat16: "bfloat16"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .boolean: "boolean"
    case .other(let words): words
    }
  }
}

/// The order of the bytes of one element.
public enum ByteOrder: Hashable, Sendable {
  /// Least significant byte first.
  case littleEndian
  /// Most significant byte first.
  case bigEndian
}
