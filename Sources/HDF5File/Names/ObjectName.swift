// ObjectName.swift
// Keys are bytes: Swift's `==` on strings is canonical equivalence, under which a composed and a
// decomposed "é" are one dictionary key and two layers would become one.

public import Text

/// The name of a link or an attribute: 1 to 255 bytes of UTF-8 without `/` and control characters.
public struct ObjectName: Hashable, Sendable, Comparable, ExpressibleByStringLiteral {
  /// The bytes of the name.
  public let bytes: [UInt8]

  /// Longest name accepted, in bytes.
  public static let longest = 255

  /// Accepts a name, or refuses it with the reason.
  public init(bytes: [UInt8]) throws(NameFault) {
    guard !bytes.isEmpty, bytes.count <= Self.longest else { throw .length(bytes.count) }
    guard let string = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
    guard !bytes.contains(UInt8(ascii: "/")) else { throw .slash }
    for scalar in string.unicodeScalars {
      switch scalar.value {
      case 0...0x1F, 0x7F...0x9F: throw .controlCharacter(scalar.value)
      default: continue
      }
    }
    self.bytes = bytes
  }

  /// A name that stands in the source code, where it is known to be valid.
  public init(stringLiteral value: String) {
    precondition(!value.isEmpty && !value.utf8.contains(UInt8(ascii: "/")), "no name: \(value)")
    bytes = Array(value.utf8)
  }

  /// The name of the root group, which no link can have.
  static let root = ObjectName(unchecked: [])

  private init(unchecked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The name as a string, for comparison and look-up.
  ///
  /// To show it, render `text`.
  public var string: String { String(validating: bytes, as: UTF8.self) ?? "" }

  /// The name as text to be rendered for a sink.
  public var text: UntrustedText { UntrustedText(bytes: bytes) }

  /// Order of bytes.
  public static func < (left: ObjectName, right: ObjectName) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// Whether the bytes are those of a string.
  public static func == (name: ObjectName, string: String) -> Bool {
    name.bytes.elementsEqual(string.utf8)
  }
}

/// Why bytes are no name.
public enum NameFault: Error, Hashable, Sendable {
  /// Empty or longer than 255 bytes.
  case length(Int)
  /// The bytes are not UTF-8.
  case notUTF8
  /// A `/` within a name.
  case slash
  /// C0, DEL or C1, with its code.
  case controlCharacter(UInt32)
}

/// The path of an object from the root of a file: `/layers/conv1`.
public struct ObjectPath: Hashable, Sendable {
  /// The names from the root; none for the root itself.
  public let names: [ObjectName]

  /// The root group.
  public static let root = ObjectPath(names: [])

  /// A path of given names.
  public init(names: [ObjectName]) {
    self.names = names
  }

  /// The path of a member of the group that is here.
  public func appending(_ name: ObjectName) -> ObjectPath {
    ObjectPath(names: names + [name])
  }

  /// The path as text to be rendered for a sink.
  public var text: UntrustedText {
    guard !names.isEmpty else { return UntrustedText("/") }
    return UntrustedText(bytes: names.flatMap { [UInt8(ascii: "/")] + $0.bytes })
  }
}
