/// The header of a safetensors file.
struct SafetensorsHeader {
  /// Longest header, as the format's own library has it.
  static let longest = 100_000_000

  /// Whether a file begins as one: a length that fits the file, and an opening brace.
  static func begins(_ prefix: [UInt8], fileSize: Int) -> Bool {
    guard prefix.count > 8, prefix[8] == UInt8(ascii: "{") else { return false }
    let length = prefix[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return length >= 2 && length <= UInt64(fileSize - 8)
  }
}
