// ElementConversion.swift
// Stored elements become numbers without loss: a float only widens, a whole number must be exactly
// representable. What cannot be held is refused, never rounded.

internal import Glibc

/// The stored form of elements.
package struct ElementSource: Sendable {
  let type: ElementType
  let order: ByteOrder
  /// Bytes of one element.
  let width: Int

  /// Elements of a type whose bytes stand in an order; the width follows from the type where it is
  /// a number.
  package init(type: ElementType, order: ByteOrder, width: Int? = nil) {
    self.type = type
    self.order = order
    self.width = width ?? type.byteCount ?? 0
  }

  /// Whether the stored bytes are the bytes of the result.
  func isIdentical(to kind: ReadableKind) -> Bool {
    if kind == .stored { return true }
    guard order == .littleEndian, 1.littleEndian == 1 else { return false }
    return switch (type, kind) {
    case (.float32, .float), (.float64, .double), (.int64, .int64): true
    default: false
    }
  }

  /// Whether no element of this type fits the result by its type alone.
  func isNarrowing(to kind: ReadableKind) -> Bool {
    switch (type, kind) {
    case (.float64, .float): true
    case (_, .int64): type.isFloatingPoint
    default: false
    }
  }

  /// Converts `count` elements; returns the first that the result cannot hold, if any.
  package func convert(
    _ source: UnsafeRawPointer, count: Int, to kind: ReadableKind,
    _ destination: UnsafeMutableRawPointer
  ) -> Int? {
    if isIdentical(to: kind) {
      memcpy(destination, source, count * width)
      return nil
    }
    switch kind {
    case .float: return toFloat(source, count, destination.assumingMemoryBound(to: Float.self))
    case .double: return toDouble(source, count, destination.assumingMemoryBound(to: Double.self))
    case .int64: return toInt64(source, count, destination.assumingMemoryBound(to: Int64.self))
    case .stored: return nil
    }
  }

  // MARK: Results

  private func toFloat(
    _ source: UnsafeRawPointer, _ count: Int, _ destination: UnsafeMutablePointer<Float>
  ) -> Int? {
    switch type {
    case .float16: each(source, count, destination) { Self.float(half: $0) }
    case .bfloat16:
      each(source, count, destination) { Float(bitPattern: UInt32($0 as UInt16) << 16) }
    case .float32: each(source, count, destination) { Float(bitPattern: $0) }
    case .int8: each(source, count, destination) { Float($0 as Int8) }
    case .int16: each(source, count, destination) { Float($0 as Int16) }
    case .uint8: each(source, count, destination) { Float($0 as UInt8) }
    case .uint16: each(source, count, destination) { Float($0 as UInt16) }
    case .boolean: each(source, count, destination) { $0 as UInt8 == 0 ? 0 : 1 }
    case .int32: return exactly(source, count, destination) { Float(exactly: $0 as Int32) }
    case .uint32: return exactly(source, count, destination) { Float(exactly: $0 as UInt32) }
    case .int64: return exactly(source, count, destination) { Float(exactly: $0 as Int64) }
    case .uint64: return exactly(source, count, destination) { Float(exactly: $0 as UInt64) }
    case .float64, .other: return 0
    }
    return nil
  }

  private func toDouble(
    _ source: UnsafeRawPointer, _ count: Int, _ destination: UnsafeMutablePointer<Double>
  ) -> Int? {
    switch type {
    case .float16: each(source, count, destination) { Double(Self.float(half: $0)) }
    case .bfloat16:
      each(source, count, destination) { Double(Float(bitPattern: UInt32($0 as UInt16) << 16)) }
    case .float32: each(source, count, destination) { Double(Float(bitPattern: $0)) }
    case .float64: each(source, count, destination) { Double(bitPattern: $0) }
    case .int8: each(source, count, destination) { Double($0 as Int8) }
    case .int16: each(source, count, destination) { Double($0 as Int16) }
    case .int32: each(source, count, destination) { Double($0 as Int32) }
    case .uint8: each(source, count, destination) { Double($0 as UInt8) }
    case .uint16: each(source, count, destination) { Double($0 as UInt16) }
    case .uint32: each(source, count, destination) { Double($0 as UInt32) }
    case .boolean: each(source, count, destination) { $0 as UInt8 == 0 ? 0 : 1 }
    case .int64: return exactly(source, count, destination) { Double(exactly: $0 as Int64) }
    case .uint64: return exactly(source, count, destination) { Double(exactly: $0 as UInt64) }
    case .other: return 0
    }
    return nil
  }

  private func toInt64(
    _ source: UnsafeRawPointer, _ count: Int, _ destination: UnsafeMutablePointer<Int64>
  ) -> Int? {
    switch type {
    case .int8: each(source, count, destination) { Int64($0 as Int8) }
    case .int16: each(source, count, destination) { Int64($0 as Int16) }
    case .int32: each(source, count, destination) { Int64($0 as Int32) }
    case .int64: each(source, count, destination) { $0 as Int64 }
    case .uint8: each(source, count, destination) { Int64($0 as UInt8) }
    case .uint16: each(source, count, destination) { Int64($0 as UInt16) }
    case .uint32: each(source, count, destination) { Int64($0 as UInt32) }
    case .boolean: each(source, count, destination) { $0 as UInt8 == 0 ? 0 : 1 }
    case .uint64: return exactly(source, count, destination) { Int64(exactly: $0 as UInt64) }
    case .float16, .float32, .float64, .bfloat16, .other: return 0
    }
    return nil
  }

  // MARK: Loops

  @inline(__always)
  private func each<Stored: FixedWidthInteger & BitwiseCopyable, Result>(
    _ source: UnsafeRawPointer, _ count: Int, _ destination: UnsafeMutablePointer<Result>,
    _ convert: (Stored) -> Result
  ) {
    let width = MemoryLayout<Stored>.size
    if order == .bigEndian {
      for i in 0..<count {
        let stored = source.loadUnaligned(fromByteOffset: i &* width, as: Stored.self)
        destination[i] = convert(Stored(bigEndian: stored))
      }
    } else {
      for i in 0..<count {
        let stored = source.loadUnaligned(fromByteOffset: i &* width, as: Stored.self)
        destination[i] = convert(Stored(littleEndian: stored))
      }
    }
  }

  @inline(__always)
  private func exactly<Stored: FixedWidthInteger & BitwiseCopyable, Result>(
    _ source: UnsafeRawPointer, _ count: Int, _ destination: UnsafeMutablePointer<Result>,
    _ convert: (Stored) -> Result?
  ) -> Int? {
    let width = MemoryLayout<Stored>.size
    for i in 0..<count {
      let stored = source.loadUnaligned(fromByteOffset: i &* width, as: Stored.self)
      let number = order == .bigEndian ? Stored(bigEndian: stored) : Stored(littleEndian: stored)
      guard let result = convert(number) else { return i }
      destination[i] = result
    }
    return nil
  }

  // MARK: Half precision

  /// A binary16 as binary32, which holds every one of them.
  ///
  /// The fields move into their places and the exponent's bias grows from 15 to 127. Subnormals
  /// (exponent 0) are m · 2⁻²⁴: (2⁻¹⁴ + m · 2⁻²⁴) − 2⁻¹⁴ computes that in normal numbers only, so
  /// that a processor told to flush subnormals to zero gives the same result.
  @inline(__always)
  static func float(half: UInt16) -> Float {
    let magnitude = UInt32(half & 0x7FFF) << 13
    let sign = UInt32(half & 0x8000) << 16
    let exponent = magnitude & 0x0F80_0000
    let rebiased = magnitude &+ (112 << 23)
    let subnormal = (Float(bitPattern: magnitude | (113 << 23)) - 0x1p-14).bitPattern
    let infinite = magnitude | 0x7F80_0000
    let bits = exponent == 0 ? subnormal : exponent == 0x0F80_0000 ? infinite : rebiased
    return Float(bitPattern: bits | sign)
  }
}
