/// One JSON object on one line, its members in the order in which they are added.
///
/// Numbers that JSON lacks are written as the strings "NaN", "Infinity" and "-Infinity".
struct JSONObject {
  private var members: [String] = []

  /// The text of the object.
  var text: String { "{" + members.joined(separator: ",") + "}" }

  mutating func add(_ name: String, _ value: some JSONEncodable) {
    members.append("\(name.json):\(value.json)")
  }

  mutating func add(_ name: String, _ value: (some JSONEncodable)?) {
    members.append("\(name.json):\(value?.json ?? "null")")
  }

  /// Adds a member whose value is JSON already.
  mutating func add(_ name: String, raw json: String) { members.append("\(name.json):\(json)") }
}

/// A value with a JSON text.
protocol JSONEncodable {
  var json: String { get }
}

extension Int: JSONEncodable {
  var json: String { String(self) }
}

extension Int32: JSONEncodable {
  var json: String { String(self) }
}

extension Bool: JSONEncodable {
  var json: String { self ? "true" : "false" }
}

extension Double: JSONEncodable {
  /// The shortest text that reads back as the same number.
  var json: String {
    if isNaN { return "\"NaN\"" }
    if isInfinite { return self < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
    return description
  }
}

extension Array: JSONEncodable where Element: JSONEncodable {
  var json: String { "[" + map(\.json).joined(separator: ",") + "]" }
}

extension String: JSONEncodable {
  /// Quoted; control characters and the line separators of JavaScript are escaped (RFC 8259 §7).
  var json: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
