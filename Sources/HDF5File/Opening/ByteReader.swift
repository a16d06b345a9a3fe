// ByteReader.swift

import Text

/// Bytes that may not be what they claim; where they fail, in words.
struct MalformedCatalogue: Error {
  let what: String
}

/// Reads numbers and byte strings from untrusted bytes, never beyond their end.
struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Bytes that are left.
  var remaining: Int { bytes.endIndex - position }

  /// The next little-endian number.
  mutating func number<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type = Value.self
  ) throws(MalformedCatalogue) -> Value {
    let width = Value.bitWidth / 8
    guard remaining >= width else { throw MalformedCatalogue(what: "a number is cut") }
    var value: Value = 0
    for place in 0..<width {
      value |= Value(truncatingIfNeeded: bytes[position + place]) << Value(8 * place)
    }
    position += width
    return value
  }

  /// The next bytes, preceded by their count.
  mutating func byteString(limit: Int) throws(MalformedCatalogue) -> [UInt8] {
    let count = Int(try number(UInt32.self))
    guard count <= limit else { throw MalformedCatalogue(what: "a text is too long") }
    return Array(try slice(count))
  }

  /// The next `count` bytes.
  mutating func slice(_ count: Int) throws(MalformedCatalogue) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw MalformedCatalogue(what: "bytes are cut") }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  /// The next name.
  mutating func name() throws(MalformedCatalogue) -> ObjectName {
    let bytes = try byteString(limit: ObjectName.longest)
    guard let name = try? ObjectName(bytes: bytes) else {
      throw MalformedCatalogue(what: "a name is not valid")
    }
    return name
  }

  /// The next shape.
  mutating func shape() throws(MalformedCatalogue) -> [UInt64] {
    let axes = Int(try number(UInt8.self))
    guard axes <= WalkLimit.axes else { throw MalformedCatalogue(what: "a shape is too long") }
    var shape: [UInt64] = []
    for _ in 0..<axes { shape.append(try number()) }
    return shape
  }

  /// The next type.
  mutating func type() throws(MalformedCatalogue) -> TypeFields {
    var type = TypeFields()
    type.typeClass = try number()
    type.size = try number()
    type.order = try number()
    type.sign = try number()
    type.precision = try number()
    type.offset = try number()
    type.signPosition = try number()
    type.exponentPosition = try number()
    type.exponentSize = try number()
    type.mantissaPosition = try number()
    type.mantissaSize = try number()
    type.exponentBias = try number()
    type.normalisation = try number()
    type.isBoolean = try number()
    type.text = try number()
    return type
  }

  /// The next error frames.
  mutating func frames() throws(MalformedCatalogue) -> [LibraryFrame] {
    let count = Int(try number(UInt8.self))
    guard count <= WalkLimit.frames else { throw MalformedCatalogue(what: "too many frames") }
    var frames: [LibraryFrame] = []
    for _ in 0..<count {
      frames.append(
        LibraryFrame(
          function: UntrustedText(bytes: try byteString(limit: 1024)),
          description: UntrustedText(bytes: try byteString(limit: 1024)),
          major: UntrustedText(bytes: try byteString(limit: 1024)),
          minor: UntrustedText(bytes: try byteString(limit: 1024))))
    }
    return frames
  }

  /// Fails unless everything was read.
  func expectEnd() throws(MalformedCatalogue) {
    guard remaining == 0 else { throw MalformedCatalogue(what: "bytes are left over") }
  }
}
