import Glibc

/// Numbers as people read them.
enum NumberText {
  /// Two significant digits with an exponent, `1.2e-06`.
  static func short(_ value: Double) -> String { formatted("%.1e", value) }

  /// Four significant digits, `0.9998`.
  static func factor(_ value: Double) -> String { formatted("%.4g", value) }

  /// All digits that tell the number from its neighbours.
  static func exact(_ value: Double) -> String { value.description }

  /// An error as a share of its bound: `4 %`, `1.0 ×`, `2,300 ×`.
  static func share(_ ratio: Double) -> String {
    if ratio.isNaN { return "–" }
    if ratio.isInfinite { return "∞" }
    if ratio < 0.0005 { return ratio == 0 ? "0 %" : "<0.1 %" }
    if ratio < 0.1 { return formatted("%.1f %%", ratio * 100) }
    if ratio <= 1 { return formatted("%.0f %%", ratio * 100) }
    return ratio < 1e5 ? formatted("%.1f", ratio) + " ×" : formatted("%.0e", ratio) + " ×"
  }

  private static func formatted(_ format: String, _ value: Double) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      let length = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, format, $0) }
      let bytes = buffer.prefix(Int(max(0, min(length, 63)))).map { UInt8(bitPattern: $0) }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}
