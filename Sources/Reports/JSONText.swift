import Text

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

  /// Adds a member that is an object, its values JSON already.
  mutating func add(_ name: String, object members: [(name: String, json: String)]) {
    let texts = members.map { "\($0.name.json):\($0.json)" }
    add(name, raw: "{" + texts.joined(separator: ",") + "}")
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
  var json: String { UntrustedText(self).json }
}
