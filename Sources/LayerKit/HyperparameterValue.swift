/// A hyper-parameter as a file or a program states it, before a layer has given it a meaning.
public enum HyperparameterValue: Hashable, Sendable {
  case boolean(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  indirect case list([HyperparameterValue])
}

extension HyperparameterValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .real(value) }
  public init(stringLiteral value: String) { self = .text(value) }
  public init(arrayLiteral elements: HyperparameterValue...) { self = .list(elements) }
}

/// The meanings that a value can be read as.
extension HyperparameterValue {
  /// Whether this is how a file writes PyTorch's `None`.
  public var isNone: Bool { self == .text("none") }

  /// The only element of a list of one, otherwise the value itself.
  public var single: HyperparameterValue {
    if case .list(let elements) = self, elements.count == 1 { elements[0] } else { self }
  }

  /// The elements of a list, or the value as the only element.
  public var elements: [HyperparameterValue] {
    if case .list(let elements) = self { elements } else { [self] }
  }

  /// The value as a whole number; a real that is whole counts.
  public var asInteger: Int? {
    switch single {
    case .integer(let value): value
    case .boolean(let value): value ? 1 : 0
    case .real(let value): Int(exactly: value)
    case .text, .list: nil
    }
  }

  /// The value as a real number, NaN and infinity included.
  public var asReal: Double? {
    switch single {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .boolean, .text, .list: nil
    }
  }

  /// The value as a truth value; 0 and 1 count.
  public var asBoolean: Bool? {
    switch single {
    case .boolean(let value): value
    case .integer(0), .real(0): false
    case .integer(1), .real(1): true
    default: nil
    }
  }

  /// The value as a word.
  public var asText: String? {
    if case .text(let value) = single { value } else { nil }
  }
}

extension HyperparameterValue: CustomStringConvertible {
  public var description: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .text(let value): "\"\(value)\""
    case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    }
  }
}
