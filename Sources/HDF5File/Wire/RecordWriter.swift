// RecordWriter.swift

internal import Glibc
import Text

/// Builds records and sends them down a pipe.
struct RecordWriter {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  init(descriptor: Int32) {
    self.descriptor = descriptor
    buffer.reserveCapacity(1 << 16)
    buffer += CatalogueFormat.magic
  }

  /// Adds one record; `body` puts its payload.
  mutating func record(_ tag: RecordTag, _ body: (inout RecordWriter) -> Void = { _ in }) {
    buffer.append(tag.rawValue)
    put(UInt32(0))
    let start = buffer.count
    body(&self)
    let length = UInt32(truncatingIfNeeded: buffer.count - start)
    for position in 0..<4 {
      buffer[start - 4 + position] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(position)))
    }
    if buffer.count >= 1 << 16 { flush() }
  }

  /// Adds a number.
  mutating func put(_ value: some FixedWidthInteger & UnsignedInteger) {
    var rest = UInt64(value)
    for _ in 0..<(type(of: value).bitWidth / 8) {
      buffer.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  /// Adds bytes without their count.
  mutating func putRaw(_ bytes: some Sequence<UInt8>) {
    buffer += bytes
  }

  /// Adds a count of bytes and the bytes.
  mutating func put(bytes: some Collection<UInt8>) {
    put(UInt32(truncatingIfNeeded: bytes.count))
    buffer += bytes
  }

  /// Adds a shape.
  mutating func put(shape: [UInt64]) {
    put(UInt8(truncatingIfNeeded: shape.count))
    for length in shape { put(length) }
  }

  /// Adds the fields of a type.
  mutating func put(type: TypeFields) {
    put(type.typeClass)
    put(type.size)
    put(type.order)
    put(type.sign)
    put(type.precision)
    put(type.offset)
    put(type.signPosition)
    put(type.exponentPosition)
    put(type.exponentSize)
    put(type.mantissaPosition)
    put(type.mantissaSize)
    put(type.exponentBias)
    put(type.normalisation)
    put(type.isBoolean)
    put(type.text)
  }

  /// Adds error frames.
  mutating func put(frames: [LibraryFrame]) {
    put(UInt8(truncatingIfNeeded: min(frames.count, WalkLimit.frames)))
    for frame in frames.prefix(WalkLimit.frames) {
      put(bytes: frame.function.bytes)
      put(bytes: frame.description.bytes)
      put(bytes: frame.major.bytes)
      put(bytes: frame.minor.bytes)
    }
  }

  /// Sends everything; ends the process if nobody listens.
  mutating func flush() {
    var sent = 0
    while sent < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { _exit(1) }
      sent += count
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
