// Figure.swift

/// Numbers as people read them in messages.
public enum Figure {
  /// A count with separators: 13,960.
  public static func grouped(_ value: some BinaryInteger) -> String {
    let digits = String(value.magnitude)
    var result = value < 0 ? "-" : ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }

  /// A shape or a coordinate: (2, 3, 4).
  public static func tuple(_ values: [Int]) -> String {
    "(" + values.map(String.init).joined(separator: ", ") + ")"
  }
}
