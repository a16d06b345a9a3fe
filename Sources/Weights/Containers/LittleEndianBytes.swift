/// Reads little-endian numbers from untrusted bytes, never beyond their end.
struct LittleEndianBytes {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Bytes that are left.
  var remaining: Int { bytes.count - position }

  /// The next number.
  mutating func number<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type = Value.self
  ) throws(WeightProblem) -> Value {
    var value: Value = 0
    for (place, byte) in try take(Value.bitWidth / 8).enumerated() {
      value |= Value(truncatingIfNeeded: byte) << Value(8 * place)
    }
    return value
  }

  /// The next bytes.
  mutating func take(_ count: Int) throws(WeightProblem) -> [UInt8] {
    guard count >= 0, count <= remaining else {
      throw WeightProblem(.cutShort("a header ends early"))
    }
    defer { position += count }
    return Array(bytes[position..<(position + count)])
  }

  /// Passes over bytes.
  mutating func skip(_ count: Int) throws(WeightProblem) { _ = try take(count) }
}
