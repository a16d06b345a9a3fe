// ReadableElement.swift

/// A number into which elements can be read: `Float`, `Double` or `Int64`.
public protocol ReadableElement: BitwiseCopyable, Sendable {
  /// Which of the three.
  static var readableKind: ReadableKind { get }
}

/// The numbers into which elements can be read.
public enum ReadableKind: Hashable, Sendable {
  /// 32-bit floating point.
  case float
  /// 64-bit floating point.
  case double
  /// 64-bit integer.
  case int64
  /// The bytes as they are stored.
  case stored

  /// The name that messages use.
  var name: String {
    switch self {
    case .float: "Float"
    case .double: "Double"
    case .int64: "Int64"
    case .stored: "bytes"
    }
  }
}

extension Float: ReadableElement {
  /// 32-bit floating point.
  public static var readableKind: ReadableKind { .float }
}

extension Double: ReadableElement {
  /// 64-bit floating point.
  public static var readableKind: ReadableKind { .double }
}

extension Int64: ReadableElement {
  /// 64-bit integer.
  public static var readableKind: ReadableKind { .int64 }
}
