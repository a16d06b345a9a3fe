/// A JSON text as a value; members keep their order.
public enum JSONValue: Hashable, Sendable {
  /// Members in the order of the text, each key once.
  case object([Member])
  /// Elements in order.
  case array([JSONValue])
  /// A string, escapes undone.
  case string(String)
  /// A number without fraction or exponent that fits 64 bits.
  case integer(Int)
  /// Any other number.
  case real(Double)
  /// `true` or `false`.
  case boolean(Bool)
  /// `null`.
  case null

  /// A key and its value.
  public struct Member: Hashable, Sendable {
    /// The key.
    public let key: String
    /// The value.
    public let value: JSONValue

    /// Joins a key and a value.
    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// Reads a text, all of it.
  public init(_ text: some Sequence<UInt8>) throws(JSONFault) {
    var parser = JSONParser(Array(text))
    self = try parser.document()
  }

  /// The value of a key of an object; nil for other values and keys.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  /// The members of an object.
  public var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The elements of an array.
  public var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The string.
  public var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The whole number.
  public var integer: Int? {
    if case .integer(let number) = self { number } else { nil }
  }

  /// The whole numbers of an array of nothing else.
  public var integers: [Int]? {
    guard let elements else { return nil }
    let integers = elements.compactMap(\.integer)
    return integers.count == elements.count ? integers : nil
  }

  /// The number, whole or not.
  public var real: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .real(let number): number
    default: nil
    }
  }

  /// The truth value.
  public var boolean: Bool? {
    if case .boolean(let truth) = self { truth } else { nil }
  }
}

/// Why bytes are no JSON text.
public struct JSONFault: Error, Hashable, Sendable {
  /// The offset of the first byte that does not belong.
  public let offset: Int
  /// What is wrong there.
  public let what: String
}
