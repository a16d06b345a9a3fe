// UntrustedText.swift
// Text from a file may carry terminal escapes, reversed writing, or a workflow command; it has no
// `description`, so that it reaches a sink only through that sink's own rule.

/// Bytes from a file that are meant as text, equal only if their bytes are equal.
public struct UntrustedText: Hashable, Sendable {
  /// The bytes as the file has them, without padding.
  public let bytes: [UInt8]

  /// Wraps bytes as they stand in a file.
  public init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Wraps the UTF-8 bytes of a string.
  public init(_ string: String) {
    self.bytes = Array(string.utf8)
  }

  /// The text, or nothing where the bytes are not UTF-8.
  ///
  /// Never print it: choose a rendering.
  public var validated: String? { String(validating: bytes, as: UTF8.self) }

  /// Whether the bytes are those of a string.
  public static func == (text: UntrustedText, string: String) -> Bool {
    text.bytes.elementsEqual(string.utf8)
  }

  /// Where a text is shown.
  public enum Sink: Sendable {
    /// A terminal or a log: at most 120 characters, nothing invisible.
    case terminal
    /// A JSON document: a quoted string.
    case json
  }

  /// The text as a sink may show it.
  public func rendered(for sink: Sink) -> String {
    switch sink {
    case .terminal: terminal
    case .json: json
    }
  }

  /// The text for a terminal: one line, controls and invisible characters escaped, shortened.
  public var terminal: String {
    let limit = 120
    var result = ""
    var count = 0
    for piece in pieces {
      if count == limit {
        result += "… (\(Figure.grouped(bytes.count)) bytes)"
        break
      }
      switch piece {
      case .scalar(let scalar) where Self.isVisible(scalar): result.unicodeScalars.append(scalar)
      case .scalar(let scalar): result += Self.escaped(scalar)
      case .invalid(let byte): result += "\\x" + Self.hexadecimal(UInt32(byte), digits: 2)
      }
      count += 1
    }
    // A line that begins with a marker is a command to a continuous-integration runner.
    if result.hasPrefix("::") || result.hasPrefix("##[") { result = "\\" + result }
    return result
  }

  /// The text as a JSON string, quotes included; bytes that are not UTF-8 appear as `\\xNN`.
  public var json: String {
    var result = "\""
    for piece in pieces {
      switch piece {
      case .scalar("\""): result += "\\\""
      case .scalar("\\"): result += "\\\\"
      case .scalar("\n"): result += "\\n"
      case .scalar("\r"): result += "\\r"
      case .scalar("\t"): result += "\\t"
      case .scalar(let scalar)
      where scalar.value < 0x20 || scalar.value == 0x2028 || scalar.value == 0x2029:
        result += "\\u" + Self.hexadecimal(scalar.value, digits: 4)
      case .scalar(let scalar): result.unicodeScalars.append(scalar)
      case .invalid(let byte): result += "\\\\x" + Self.hexadecimal(UInt32(byte), digits: 2)
      }
    }
    return result + "\""
  }

  // MARK: Pieces

  private enum Piece {
    case scalar(Unicode.Scalar)
    case invalid(UInt8)
  }

  /// The scalars of the text, and the single bytes that belong to none.
  private var pieces: [Piece] {
    if let string = validated { return string.unicodeScalars.map { .scalar($0) } }
    var result: [Piece] = []
    var rest = bytes[...]
    while let first = rest.first {
      let length = Self.sequenceLength(first)
      if let string = String(validating: rest.prefix(length), as: UTF8.self),
        let scalar = string.unicodeScalars.first, string.unicodeScalars.count == 1
      {
        result.append(.scalar(scalar))
        rest = rest.dropFirst(length)
      } else {
        result.append(.invalid(first))
        rest = rest.dropFirst()
      }
    }
    return result
  }

  private static func sequenceLength(_ first: UInt8) -> Int {
    switch first {
    case 0xC0...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xFF: 4
    default: 1
    }
  }

  /// Whether a scalar is neither a control, nor a direction mark, nor of no width, nor a line end.
  static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x1F, 0x7F...0x9F: false  // C0, DEL, C1
    case 0xAD, 0x61C, 0x180E, 0xFEFF: false
    case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F: false
    case 0xFFF9...0xFFFB, 0xE0000...0xE007F: false
    default: true
    }
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    "\\u{" + hexadecimal(scalar.value, digits: 1) + "}"
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
